package queue

import (
	"context"
	"strconv"
	"sync"
	"testing"
)

// benchmark adds b.N events of so many keys and waits until all were handled.
func benchmark(b *testing.B, o Options, keys int) {
	b.Helper()
	names := make([]Key, keys)
	for i := range names {
		names[i] = Key{Namespace: "ns" + strconv.Itoa(i%50), Name: "object-" + strconv.Itoa(i)}
	}
	q := New(o, func(context.Context, Call[*int]) Result { return Result{} })
	var ended sync.WaitGroup
	ended.Go(func() { q.Run(b.Context()) })
	payload := new(int)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		q.Add(Event[*int]{Key: names[i%keys], UID: "1", Type: Modified, Payload: payload, Passed: true, Was: true})
	}
	if err := q.WaitIdle(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	q.Shutdown()
	ended.Wait()
}

func BenchmarkDistinctKeys(b *testing.B)       { benchmark(b, Options{}, 100_000) }
func BenchmarkOneHotKey(b *testing.B)          { benchmark(b, Options{}, 1) }
func BenchmarkInOrderHotKey(b *testing.B)      { benchmark(b, Options{InOrder: true}, 1) }
func BenchmarkPerNamespace(b *testing.B)       { benchmark(b, Options{Strategy: PerNamespace}, 100_000) }
func BenchmarkDistinctKeysLocked(b *testing.B) { benchmark(b, Options{Locks: NewLocks()}, 100_000) }

func BenchmarkFilteredOfObjectsAtRest(b *testing.B) {
	q := New(Options{}, func(context.Context, Call[*int]) Result { return Result{} })
	b.ReportAllocs()
	for range b.N {
		q.Add(Event[*int]{Key: Key{Namespace: "a", Name: "x"}, UID: "1", Type: Modified})
	}
}

func BenchmarkPool(b *testing.B) {
	p := NewPool(Options{}, func(context.Context, Call[*int]) Result { return Result{} })
	var ended sync.WaitGroup
	ended.Go(func() { p.Run(b.Context()) })
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		p.Add(Event[*int]{Key: Key{Namespace: "a", Name: strconv.Itoa(i % 1000)}, UID: "1", Type: Modified, Passed: true, Was: true})
	}
	if err := p.WaitIdle(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	p.Shutdown()
	ended.Wait()
}
