package queue

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTableShrinks(t *testing.T) {
	var tab table[int, int]
	for i := range 10 * largeTable {
		tab.set(i, i)
	}
	for i := range 10*largeTable - 3 {
		tab.delete(i)
	}
	if tab.peak >= largeTable {
		t.Errorf("a table of 3 still has room for %d", tab.peak)
	}
	for i := 10*largeTable - 3; i < 10*largeTable; i++ {
		if v, ok := tab.get(i); !ok || v != i {
			t.Errorf("%d was lost", i)
		}
	}
	tab.delete(-1)
	if _, ok := tab.get(0); ok || len(tab.m) != 3 {
		t.Errorf("%d entries, want 3", len(tab.m))
	}
}

func TestDelaysShrink(t *testing.T) {
	var d delays[int]
	now := moment(1)
	alarms := make([]alarm[int], 4*largeTable)
	for i := range alarms {
		d.push(&alarms[i], now)
	}
	for i := range alarms {
		d.remove(&alarms[i])
	}
	if cap(d.heap) >= largeTable {
		t.Errorf("an empty heap has room for %d", cap(d.heap))
	}
}

// The heap against a sorted slice.
func TestDelaysModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const base = moment(1)
		var d delays[int]
		alarms := make([]alarm[int], 12)
		model := map[int]moment{}
		for i := range alarms {
			alarms[i].of = i
		}
		pick := rapid.IntRange(0, len(alarms)-1)
		at := rapid.Custom(func(t *rapid.T) moment {
			return base + moment(rapid.IntRange(0, 20).Draw(t, "at"))
		})
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				i, due := pick.Draw(t, "i"), at.Draw(t, "due")
				d.push(&alarms[i], due)
				model[i] = due
			},
			"remove": func(t *rapid.T) {
				i := pick.Draw(t, "i")
				d.remove(&alarms[i])
				delete(model, i)
			},
			"pop": func(t *rapid.T) {
				now := at.Draw(t, "now")
				i, ok := d.pop(now)
				if due, first := model[i], soonest(model); ok && (due != first || due > now) || !ok && first <= now {
					t.Fatalf("popped %d %v at %v, the soonest is %v", i, ok, now, first)
				}
				if ok {
					delete(model, i)
				}
			},
			"": func(t *rapid.T) {
				if first, ok := d.first(); ok != (len(model) > 0) || ok && first != soonest(model) {
					t.Fatalf("first %v %v, want %v", first, ok, soonest(model))
				}
			},
		})
	})
}

func soonest(m map[int]moment) moment {
	first := moment(math.MaxInt64)
	for _, due := range m {
		first = min(first, due)
	}
	return first
}

func TestFair(t *testing.T) {
	var f fair[string]
	seats := map[string]*seat[string]{}
	push := func(name string, t tier) {
		s := seats[name]
		if s == nil {
			s = &seat[string]{}
			s.link.of = name
			seats[name] = s
		}
		f.push(s, name[:1], t)
	}
	for _, name := range []string{"a1", "a2", "a3", "b1", "b2", "c1"} {
		push(name, tierBacklog)
	}
	push("d1", tierLive)
	push("a3", tierLive) // moves up
	f.remove(seats["c1"])
	f.remove(seats["c1"])
	push("b1", tierBacklog) // to the end of its namespace's line
	if f.len() != 6 || f.best() != tierLive {
		t.Errorf("%d, best %d", f.len(), f.best())
	}
	var got []string
	for f.len() > 0 {
		v, _ := f.pop()
		got = append(got, v)
	}
	if want := []string{"d1", "a3", "a1", "b2", "a2", "b1"}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
	if _, ok := f.pop(); ok {
		t.Error("something came out of nothing")
	}
	for i := range f.rings {
		if len(f.rings[i].byName.m) != 0 || f.rings[i].turns.n != 0 {
			t.Errorf("tier %d keeps namespaces", i)
		}
	}
}

func TestBackoffDelay(t *testing.T) {
	b := Backoff{Min: time.Second, Max: 10 * time.Second}
	tests := []struct {
		n    int
		r    float64
		want time.Duration
	}{
		{1, 0, 500 * time.Millisecond},
		{1, 1, time.Second},
		{2, 0.5, 1500 * time.Millisecond},
		{4, 1, 8 * time.Second},
		{5, 1, 10 * time.Second},
		{5, 0, 5 * time.Second},
		{1 << 30, 1, 10 * time.Second},
	}
	for _, tt := range tests {
		if got := b.delay(tt.n, tt.r); got != tt.want {
			t.Errorf("delay %d with %v: %s, want %s", tt.n, tt.r, got, tt.want)
		}
	}
	if got := (Backoff{Min: 1, Max: math.MaxInt64}).delay(100, 0); got != math.MaxInt64/2 {
		t.Errorf("near the limit: %d", got)
	}
}

func TestDefaults(t *testing.T) {
	o := Options{Backoff: Backoff{Min: time.Hour}}.withDefaults()
	if o.Concurrency != DefaultConcurrency || o.Backoff.Max != time.Hour {
		t.Errorf("concurrency %d, backoff %+v", o.Concurrency, o.Backoff)
	}
	if o = (Options{}).withDefaults(); o.Backoff != (Backoff{Min: DefaultBackoffMin, Max: DefaultBackoffMax}) {
		t.Errorf("backoff %+v", o.Backoff)
	}
	if r := o.Rand(); r < 0 || r >= 1 {
		t.Errorf("random number %v", r)
	}
}

func TestNames(t *testing.T) {
	tests := map[string]string{
		PerObject.String():    "PerObject",
		PerNamespace.String(): "PerNamespace",
		PerKind.String():      "PerKind",
		Global.String():       "Global",
		Strategy(9).String():  "Strategy(9)",
		Done.String():         "done",
		Requeue.String():      "requeue",
		Retry.String():        "retry",
		RetryAfter.String():   "retry_after",
		Permanent.String():    "permanent",
		Drop.String():         "drop",
		Outcome(9).String():   "outcome(9)",
		key("a/x").String():   "a/x",
		key("x").String():     "x",
		(&TimeoutError{Timeout: time.Minute}).Error(): "the call ran longer than its timeout of 1m0s",
	}
	for got, want := range tests {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestLocks(t *testing.T) {
	var none *Locks
	id := lockID{scope: "pods", key: key("a/x")}
	for range 2 {
		if !none.try(id, nil) {
			t.Error("no locks, and yet one is held")
		}
	}
	none.unlock(id)
	l := NewLocks()
	l.unlock(id) // not held: nothing
	var a, b told
	if !l.try(id, &a) || l.try(id, &a) || l.try(id, &b) || l.try(id, &b) {
		t.Error("held by more than one")
	}
	l.unlock(id)
	if a != 1 || b != 1 {
		t.Errorf("told %d and %d times, want once each", a, b)
	}
	if !l.try(id, &b) {
		t.Error("free, and yet held")
	}
}

type told int

func (n *told) unlocked(Key) { *n++ }
