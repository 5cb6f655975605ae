package queue

import (
	"context"
	"fmt"
	"runtime"
	"testing"
)

// What waits for an object over the budget, without the memory of its names and of its payload: the object, its
// item and its lane in one piece, its place in the map, and in the workqueue's books.
const (
	bytesPerKey     = 360
	bytesPerPoolKey = 440
)

// TestBytesPerWaitingKey: what an object takes that waits by its key alone is small, and grows with no event.
func TestBytesPerWaitingKey(t *testing.T) {
	const keys = 100_000
	names := make([]Key, keys)
	for i := range names {
		names[i] = Key{Namespace: fmt.Sprintf("namespace-%d", i%50), Name: fmt.Sprintf("object-%d", i)}
	}
	nothing := func(context.Context, Call[*int]) Result { return Result{} }
	limit := Limit[*int]{Budget: 1, Weight: func(*int, any) int64 { return 1 }, KeyOnly: func(*int) *int { return nil }}
	for name, c := range map[string]struct {
		make func() engineOfBytes
		most int
	}{
		"merging":  {func() engineOfBytes { return New(Options{}, nothing) }, bytesPerKey},
		"in order": {func() engineOfBytes { return New(Options{InOrder: true}, nothing) }, bytesPerKey},
		"pool":     {func() engineOfBytes { return NewPool(Options{}, nothing) }, bytesPerPoolKey},
	} {
		t.Run(name, func(t *testing.T) {
			before := inUse()
			e := c.make()
			e.Limit(limit)
			for _, typ := range []EventType{Added, Modified, Modified, Left} {
				for _, k := range names {
					e.Add(Event[*int]{Key: k, UID: "a uid", Type: typ, Payload: new(int), Passed: true, Was: typ != Added, Initial: typ == Added})
				}
				if typ == Added {
					held := (inUse() - before) / keys
					t.Logf("%d bytes for a key", held)
					if held > c.most {
						t.Errorf("%d bytes for a key, want %d at most", held, c.most)
					}
				}
			}
			if s := e.Stats(); s.Waiting != keys {
				t.Errorf("%d calls wait for %d objects", s.Waiting, keys)
			}
			runtime.KeepAlive(e)
		})
	}
	runtime.KeepAlive(names)
}

// TestBytesOfManySmallEvents: what a million events of a few objects take that wait, with payloads that weigh
// next to nothing, is no more than the budget.
func TestBytesOfManySmallEvents(t *testing.T) {
	const events, objects, budget = 1_000_000, 10, 1 << 20
	nothing := func(context.Context, Call[*int]) Result { return Result{} }
	limit := Limit[*int]{Budget: budget, Weight: func(*int, any) int64 { return 1 }, KeyOnly: func(*int) *int { return nil }}
	for name, e := range map[string]engineOfBytes{
		"in order": New(Options{InOrder: true}, nothing), "pool": NewPool(Options{}, nothing),
	} {
		t.Run(name, func(t *testing.T) {
			e.Limit(limit)
			before := inUse()
			for i := range events {
				k := Key{Name: string(rune('a' + i%objects))}
				e.Add(Event[*int]{Key: k, UID: "a uid", Type: Modified, Payload: new(int), Passed: true, Was: true})
			}
			if held := inUse() - before; held > budget {
				t.Errorf("%d bytes in use, the budget is %d", held, budget)
			}
			if s := e.Stats(); s.Waiting > budget/CallOverhead+objects || s.Waiting < budget/CallOverhead/2 {
				t.Errorf("%d calls wait, want what there is room for", s.Waiting)
			}
			runtime.KeepAlive(e)
		})
	}
}

type engineOfBytes interface {
	Add(Event[*int])
	Limit(Limit[*int])
	Stats() Stats
}

func inUse() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
