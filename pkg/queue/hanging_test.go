package queue

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/internal/container"
)

// hung gives a rig in which n calls of namespace a hang, with c slots, and later ones of it wait.
func hung(t *testing.T, newRig func(*testing.T, Options) *rig, o Options, n int) *rig {
	t.Helper()
	r := newRig(t, o)
	for i := range n + 2 {
		k := fmt.Sprintf("a/%d", i)
		r.hold(k)
		r.on(added(k, ""))
	}
	r.lines = nil
	return r
}

// Calls of one namespace that hang in more than half of the slots stop that namespace alone.
func TestANamespaceThatHangsStopsNoOther(t *testing.T) {
	for name, e := range engines {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				o := e.Options
				o.Concurrency = 4
				r := hung(t, e.make, o, 4)
				for i := range 10 {
					r.hold(fmt.Sprintf("b/%d", i))
					r.on(added(fmt.Sprintf("b/%d", i), ""))
				}
				r.after(time.Minute - 1)
				r.expect()
				r.after(1)
				r.sorted()
				r.expect("Added b/0=", "Added b/1=", "Added b/2=", "Added b/3=")
				if r.most != 8 || r.seen.overflowed != 4 {
					t.Errorf("%d calls at once, %d in extra slots", r.most, r.seen.overflowed)
				}
				h := r.seen.hanging
				if len(h) != 1 || !slices.Equal(h[0].Namespaces, []string{"a"}) || h[0].Calls != 4 || h[0].Slots != 4 || !h[0].Full || h[0].Oldest[0] != key("a/0") {
					t.Errorf("reported %+v", h)
				}
				for i := range 4 { // they go on, one for one
					r.release(fmt.Sprintf("b/%d", i))
				}
				r.expect("Added b/4=", "Added b/5=", "Added b/6=", "Added b/7=")
				r.release("a/0", "a/1") // the others fill their slots before a does
				r.expect()
				if h = r.seen.hanging; len(h) != 3 || h[1].Full || len(h[2].Namespaces) > 0 || h[2].Full {
					t.Errorf("reported %+v", h)
				}
				for i := range 6 {
					r.release(fmt.Sprintf("b/%d", i+4))
				}
				r.release("a/2", "a/3", "a/4", "a/5")
				r.sorted()
				r.expect("Added a/4=", "Added a/5=", "Added b/8=", "Added b/9=")
				r.atRest()
			})
		})
	}
}

func TestExtraSlotsAreForCallsThatHangTogether(t *testing.T) {
	for name, tt := range map[string]struct {
		o     Options
		hangs int
		want  Hanging
	}{
		"half of the slots":    {Options{Concurrency: 4}, 2, Hanging{}},
		"one slot":             {Options{Concurrency: 1}, 1, Hanging{Full: true, Calls: 1, Slots: 1, Oldest: []Key{key("a/0")}}},
		"one call a namespace": {Options{Concurrency: 4, Strategy: PerNamespace}, 1, Hanging{}},
		"one call in all":      {Options{Concurrency: 4, Strategy: Global}, 1, Hanging{Full: true, Calls: 1, Slots: 4, Oldest: []Key{key("a/0")}}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := newRig(t, tt.o)
				for i := range tt.hangs {
					r.hold(fmt.Sprintf("a/%d", i))
					r.on(added(fmt.Sprintf("a/%d", i), ""))
				}
				for i := range 4 {
					r.hold(fmt.Sprintf("%d/x", i))
					r.on(added(fmt.Sprintf("%d/x", i), ""))
				}
				r.after(time.Hour)
				if r.seen.overflowed > 0 || r.most > tt.o.Concurrency {
					t.Errorf("%d in extra slots, %d at once", r.seen.overflowed, r.most)
				}
				got := Hanging{}
				if len(r.seen.hanging) > 0 {
					got = r.seen.hanging[0]
				}
				if name != "half of the slots" && name != "one call a namespace" && fmt.Sprint(got) != fmt.Sprint(tt.want) {
					t.Errorf("reported %+v, want %+v", got, tt.want)
				}
			})
		})
	}
}

// Quick calls cost no look, and long ones that leave room are not reported.
func TestNoLooksWhileFewCallsRun(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{Concurrency: 4})
		r.hold("a/x")
		r.on(added("a/x", ""), added("a/y", ""))
		r.after(time.Hour)
		if r.q.hang.next != container.Never || len(r.seen.hanging) > 0 {
			t.Errorf("looks at %d, reported %v", r.q.hang.next, r.seen.hanging)
		}
		if running, waiting := r.q.Ages(); running != time.Hour || waiting != 0 {
			t.Errorf("ages %s, %s", running, waiting)
		}
		r.release("a/x")
	})
}

func TestAges(t *testing.T) {
	for name, e := range engines {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				o := e.Options
				o.Concurrency = 1
				r := e.make(t, o)
				r.hold("a/x")
				r.on(added("a/x", ""))
				r.after(time.Second)
				r.on(added("a/y", ""), added("b/z", ""))
				r.after(time.Second)
				ages := func() (time.Duration, time.Duration) {
					if r.p != nil {
						return r.p.Ages()
					}
					return r.q.Ages()
				}
				if running, waiting := ages(); running != 2*time.Second || waiting != time.Second {
					t.Errorf("running %s, waiting %s", running, waiting)
				}
				r.release("a/x")
				if running, waiting := ages(); running != 0 || waiting != 0 {
					t.Errorf("running %s, waiting %s", running, waiting)
				}
			})
		})
	}
}
