package watcher

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestEntryKeepsItsIdentity(t *testing.T) {
	for _, c := range []struct{ ns, name, uid, rv string }{
		{"ns", "name", "6e2b0ab2-0b9c-4b8e-9d0a-0123456789ab", "12345"},
		{"", "node", "6E2B0AB2-0B9C-4B8E-9D0A-0123456789AB", "18446744073709551615"},
		{"ns", "a/b", "", ""},
		{"ns", "name", "6e2b0ab2-0b9c-4b8e-9d0a-0123456789a", "0"},
		{"ns", "name", "0123456789abcdef", "18446744073709551616"},
		{"ns", "name", "6e2b0ab2-0b9c-4b8e-9d0a-0123456789zz", "007"},
		{"ns", "name", "6e2b0ab2x0b9c-4b8e-9d0a-0123456789ab", "abc"},
		{strings.Repeat("n", 300), strings.Repeat("m", 300), "u", "+5"},
	} {
		e := NewEntry(c.ns, c.name, c.uid, c.rv, nil)
		if e.Namespace() != c.ns || e.Name() != c.name || e.UID() != c.uid || e.RV() != c.rv {
			t.Errorf("%+v became %q %q %q %q", c, e.Namespace(), e.Name(), e.UID(), e.RV())
		}
		if !e.sameUID(c.uid) || e.sameUID(c.uid+"x") {
			t.Errorf("%+v: UIDs do not compare", c)
		}
	}
}

func TestEntryRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ns, name := rapid.String().Draw(rt, "ns"), rapid.String().Draw(rt, "name")
		uid := rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)).Draw(rt, "uid")
		rv := rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9]{0,25}`)).Draw(rt, "rv")
		e := NewEntry(ns, name, uid, rv, nil)
		if e.Namespace() != ns || e.Name() != name || e.UID() != uid || e.RV() != rv {
			rt.Fatalf("became %q %q %q %q", e.Namespace(), e.Name(), e.UID(), e.RV())
		}
	})
}

// What is far too long is cut, and breaks nothing.
func TestEntryTooLong(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	e := NewEntry(long, long, long, "5", nil)
	if len(e.Namespace())+len(e.Name()) > maxText+1 {
		t.Error("not cut")
	}
	if fits(&Meta{Name: long}) || fits(&Meta{}) || !fits(&Meta{Name: "a", Namespace: "b", UID: "c"}) {
		t.Error("fits does not tell")
	}
}

func TestEntryCompare(t *testing.T) {
	for _, c := range []struct {
		have, rv string
		want     order
	}{
		{"5", "6", orderAhead},
		{"5", "5", orderSame},
		{"5", "05", orderSame},
		{"10", "9", orderBehind},
		{"5", "x", orderUnknown},
		{"x", "x", orderSame},
		{"", "", orderUnknown},
		{"18446744073709551616", "18446744073709551617", orderAhead},
		{"18446744073709551616", "5", orderBehind},
	} {
		e := NewEntry("", "a", "", c.have, nil)
		if got := e.compare(c.rv); got != c.want {
			t.Errorf("%q seen from %q is %v, want %v", c.rv, c.have, got, c.want)
		}
	}
}

func TestIndexAgainstAMap(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		x, model := newIndex(nil), map[string]string{}
		key := rapid.SampledFrom([]string{"a", "b", "c", "d"})
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				ns, name, uid := key.Draw(rt, "ns"), key.Draw(rt, "name"), key.Draw(rt, "uid")
				e := NewEntry(ns, name, uid, "1", nil)
				if old, ok := x.Get(ns, name); ok {
					x.remove(old)
				}
				x.put(&e)
				model[ns+"/"+name] = uid
			},
			"remove": func(rt *rapid.T) {
				ns, name := key.Draw(rt, "ns"), key.Draw(rt, "name")
				if e, ok := x.Get(ns, name); ok {
					x.remove(e)
				}
				delete(model, ns+"/"+name)
			},
			"": func(rt *rapid.T) {
				if x.Len() != len(model) {
					rt.Fatalf("%d entries, want %d", x.Len(), len(model))
				}
				for e := range x.All() {
					if model[e.Namespace()+"/"+e.Name()] != e.UID() {
						rt.Fatalf("%s/%s has %q", e.Namespace(), e.Name(), e.UID())
					}
				}
			},
		})
	})
}

func TestIndexAllStops(t *testing.T) {
	x := newIndex([]Entry{NewEntry("", "a", "", "", nil), NewEntry("", "b", "", "", nil)})
	n := 0
	for range x.All() {
		n++
		break
	}
	if n != 1 {
		t.Errorf("went on: %d", n)
	}
}

func TestSeedIsCopied(t *testing.T) {
	words := []uint64{1}
	seed := []Entry{NewEntry("", "a", "u", "1", words)}
	x := newIndex(seed)
	e, _ := x.Get("", "a")
	e.Words[0], words[0] = 2, 3
	if seed[0].Words[0] != 3 || e.Words[0] != 2 {
		t.Error("seed and index share words")
	}
}

// At rest an object costs about 200 bytes, of which 65 are the names and the UID of this test, and nothing when
// it is gone.
func TestIndexMemory(t *testing.T) {
	const n = 100_000
	base := heap()
	x := newIndex(nil)
	for i := range n {
		e := NewEntry("sixteen-letters-", fmt.Sprintf("a-name-of-thirty-two-letter-%06d", i)[:32], fmt.Sprintf("%08d-0b9c-4b8e-9d0a-0123456789ab", i), "123456789", nil)
		x.put(&e)
	}
	if per := (heap() - base) / int64(x.Len()); per > 230 {
		t.Errorf("%d bytes an object", per)
	}
	kept := 0
	for _, e := range slices.Collect(x.All()) {
		if kept < 10 {
			kept++
			continue
		}
		x.remove(e)
	}
	if left := heap() - base; left > n*10 {
		t.Errorf("%d bytes for %d objects", left, x.Len())
	}
	runtime.KeepAlive(x)
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

func BenchmarkIndexGet(b *testing.B) {
	x := newIndex(nil)
	for i := range 10_000 {
		e := NewEntry("ns", fmt.Sprint("name-", i), "", "1", nil)
		x.put(&e)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := x.Get("ns", "name-77"); !ok {
			b.Fatal("not there")
		}
	}
}
