package container_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ancho-dev/ancho/internal/container"
)

func TestTableShrinks(t *testing.T) {
	var tab container.Table[int, int]
	for i := range 10 * container.LargeTable {
		tab.Set(i, i)
	}
	for i := range 10*container.LargeTable - 3 {
		tab.Delete(i)
	}
	if tab.Peak >= container.LargeTable {
		t.Errorf("a table of 3 still has room for %d", tab.Peak)
	}
	for i := 10*container.LargeTable - 3; i < 10*container.LargeTable; i++ {
		if v, ok := tab.Get(i); !ok || v != i {
			t.Errorf("%d was lost", i)
		}
	}
	tab.Delete(-1)
	if _, ok := tab.Get(0); ok || len(tab.M) != 3 {
		t.Errorf("%d entries, want 3", len(tab.M))
	}
}

func TestDelaysShrink(t *testing.T) {
	var d container.Delays[int]
	now := container.Moment(1)
	alarms := make([]container.Alarm[int], 4*container.LargeTable)
	for i := range alarms {
		d.Push(&alarms[i], now)
	}
	for i := range alarms {
		d.Remove(&alarms[i])
	}
	if cap(d.Heap) >= container.LargeTable {
		t.Errorf("an empty heap has room for %d", cap(d.Heap))
	}
}

// The heap against a sorted slice.
func TestDelaysModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const base = container.Moment(1)
		var d container.Delays[int]
		alarms := make([]container.Alarm[int], 12)
		model := map[int]container.Moment{}
		for i := range alarms {
			alarms[i].Of = i
		}
		pick := rapid.IntRange(0, len(alarms)-1)
		at := rapid.Custom(func(t *rapid.T) container.Moment {
			return base + container.Moment(rapid.IntRange(0, 20).Draw(t, "at"))
		})
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				i, due := pick.Draw(t, "i"), at.Draw(t, "due")
				d.Push(&alarms[i], due)
				model[i] = due
			},
			"remove": func(t *rapid.T) {
				i := pick.Draw(t, "i")
				d.Remove(&alarms[i])
				delete(model, i)
			},
			"pop": func(t *rapid.T) {
				now := at.Draw(t, "now")
				i, ok := d.Pop(now)
				if due, first := model[i], soonest(model); ok && (due != first || due > now) || !ok && first <= now {
					t.Fatalf("popped %d %v at %v, the soonest is %v", i, ok, now, first)
				}
				if ok {
					delete(model, i)
				}
			},
			"": func(t *rapid.T) {
				if first, ok := d.First(); ok != (len(model) > 0) || ok && first != soonest(model) {
					t.Fatalf("first %v %v, want %v", first, ok, soonest(model))
				}
			},
		})
	})
}

func soonest(m map[int]container.Moment) container.Moment {
	first := container.Moment(math.MaxInt64)
	for _, due := range m {
		first = min(first, due)
	}
	return first
}

func TestFair(t *testing.T) {
	var f container.Fair[string]
	seats := map[string]*container.Seat[string]{}
	push := func(name string, t container.Tier) {
		s := seats[name]
		if s == nil {
			s = &container.Seat[string]{}
			s.Link.Of = name
			seats[name] = s
		}
		f.Push(s, name[:1], t)
	}
	for _, name := range []string{"a1", "a2", "a3", "b1", "b2", "c1"} {
		push(name, container.TierBacklog)
	}
	push("d1", container.TierLive)
	push("a3", container.TierLive) // moves up
	f.Remove(seats["c1"])
	f.Remove(seats["c1"])
	push("b1", container.TierBacklog) // to the end of its namespace's line
	if f.Len() != 6 || f.Best() != container.TierLive {
		t.Errorf("%d, best %d", f.Len(), f.Best())
	}
	var got []string
	for f.Len() > 0 {
		v, _ := f.Pop()
		got = append(got, v)
	}
	if want := []string{"d1", "a3", "a1", "b2", "a2", "b1"}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
	if _, ok := f.Pop(); ok {
		t.Error("something came out of nothing")
	}
	for i := range f.Rings {
		if len(f.Rings[i].ByName.M) != 0 || f.Rings[i].Turns.N != 0 {
			t.Errorf("tier %d keeps namespaces", i)
		}
	}
}
