package index

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// key is a namespace of 16 bytes, a name of 32 and a UID in one string.
type key string

func (k key) split() (namespace, name, uid string) {
	return string(k[:16]), string(k[16:48]), string(k[48:])
}

// filled returns an index of so many objects with one word.
func filled(n, namespaces int) (*Index, []key) {
	x, keys, buffer := NewIndex(1), make([]key, n), make([]byte, 0, 128)
	for i := range keys {
		namespace, name, uid := nameOf(buffer, i, namespaces)
		keys[i] = key(namespace + name + uid)
		x.Put(namespace, name, uid, "1234567890")
	}
	return x, keys
}

var benchSizes = []int{1000, 100_000, 1_000_000}

func BenchmarkIndexGet(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x, keys := filled(n, 1000)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				namespace, name, uid := keys[i*7919%n].split()
				if e, ok := x.Get(namespace, name); !ok || !e.HasUID(uid) {
					b.Fatal("not there")
				}
			}
		})
	}
}

// An index that grows to so many objects, by the object.
func BenchmarkIndexPut(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			_, keys := filled(n, 1000)
			b.ReportAllocs()
			b.ResetTimer()
			var x *Index
			worst := time.Duration(0)
			for i := range b.N {
				if i%n == 0 {
					x = NewIndex(1)
				}
				namespace, name, uid := keys[i%n].split()
				before := time.Now()
				x.Put(namespace, name, uid, "1234567890")
				worst = max(worst, time.Since(before))
			}
			b.ReportMetric(float64(worst.Microseconds()), "worst-µs")
		})
	}
}

// One object goes and another comes, at a constant number of them.
func BenchmarkIndexReplace(b *testing.B) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x, keys := filled(n, 1000)
			b.ReportAllocs()
			b.ResetTimer()
			worst := time.Duration(0)
			for i := range b.N {
				namespace, name, uid := keys[i*7919%n].split()
				before := time.Now()
				e, _ := x.Get(namespace, name)
				x.Remove(e)
				x.Put(namespace, name, uid, "1234567891")
				worst = max(worst, time.Since(before))
			}
			b.ReportMetric(float64(worst.Microseconds()), "worst-µs")
		})
	}
}

// All objects are shown by a new snapshot, or none is.
func BenchmarkIndexSnapshot(b *testing.B) {
	x, keys := filled(100_000, 1000)
	for b.Loop() {
		x.Begin()
		for _, k := range keys {
			namespace, name, _ := k.split()
			e, _ := x.Get(namespace, name)
			e.SetSeen()
		}
		x.Sweep(func(Entry) { b.Fatal("all were shown") })
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(keys)), "ns/object")
}

func BenchmarkIndexSweep(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		x, _ := filled(100_000, 1000)
		x.Begin()
		b.StartTimer()
		x.Sweep(func(Entry) {})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/object")
}

// What a full garbage collection takes with a million objects in an index.
func BenchmarkIndexCollect(b *testing.B) {
	x, _ := filled(1_000_000, 1000)
	runtime.GC()
	for b.Loop() {
		runtime.GC()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/collection")
	runtime.KeepAlive(x)
}

func BenchmarkEntryHasUID(b *testing.B) {
	const uid = "6e2b0ab2-0b9c-4b8e-9d0a-0123456789ab"
	e := single("ns", "name", uid, "1")
	b.ReportAllocs()
	for b.Loop() {
		if !e.HasUID(uid) {
			b.Fatal("another")
		}
	}
}
