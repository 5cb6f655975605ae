package runtime

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/binding"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/dispatch"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// goers take all, what left, what was deleted.
func goers() []capability.Binding {
	maps := capability.When(kind.ConfigMap).WithAnnotation("in", "yes")
	return []capability.Binding{
		maps.IsCreatedOrUpdated().IsDeleted().HasLeft().Alias("all").Watch(ignoreMap),
		maps.HasLeft().Alias("left").Reconcile(ignoreMap),
		maps.IsDeleted().Alias("deleted").Watch(ignoreMap),
	}
}

// departed is a rig for which nobody looks, after an object has departed that all of its bindings knew.
func departed(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, goers()...)
	r.upsert(aMap("u", "1", labelled("yes")), false)
	r.gone(aMap("u", "2", labelled("yes")), true)
	r.expect(0, "Added")
	r.expect(1, "Added -")
	r.expect(2, "Added -")
	return r
}

// The next that a stream says of a name decides what had become of its last object, and is heard of afterwards.
func TestALaterEventDecides(t *testing.T) {
	for name, c := range map[string]struct {
		uid, in            string
		all, left, deleted []string
	}{
		"the same object":            {"u", "yes", []string{"Left", "Added"}, []string{"Left", "Added -"}, []string{"Left -", "Added -"}},
		"another":                    {"v", "yes", []string{"Deleted", "Added"}, []string{"Deleted -", "Added -"}, []string{"Deleted", "Added -"}},
		"the same, of no interest":   {"u", "no", []string{"Left"}, []string{"Left"}, []string{"Left -"}},
		"another one of no interest": {"v", "no", []string{"Deleted"}, []string{"Deleted -"}, []string{"Deleted"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := departed(t)
			r.upsert(aMap(c.uid, "3", labelled(c.in)), false)
			r.expect(0, c.all...)
			r.expect(1, c.left...)
			r.expect(2, c.deleted...)
			r.nothingOpen()
		})
	}
}

// An object of another name decides nothing, nor does one that a narrow route has heard of already.
func TestOthersDecideNothing(t *testing.T) {
	r := departed(t)
	r.upsert(aMap("w", "3", labelled("yes"), func(cm *corev1.ConfigMap) { cm.Name = "other" }), false)
	r.expect(0, "Added")
	route := r.feed.Routes[0]
	ahead := watcher.NewIndex(r.feed.Words)
	ahead.Put("ns", "last", "z", "9")
	route.Attach(dispatch.NewReplay("9", route, ahead, false))
	r.upsert(aMap("u", "4", labelled("yes")), false)
	r.expect(0)
	route.Attach(nil)
	r.upsert(aMap("u", "10", labelled("yes")), false)
	if got := r.boxes[0].take(); !slices.Contains(got, "Left") {
		t.Errorf("told %q, want that it had left", got)
	}
}

// A departure that is told twice is one; that of another object says that the first is gone.
func TestADepartureAfterAnother(t *testing.T) {
	r := departed(t)
	again := func(uid string) {
		for _, s := range r.feed.Subs {
			id := binding.IdentityOf(&watcher.Meta{Namespace: "ns", Name: "n", UID: uid}, "5")
			s.Of.Pend(&binding.PendingDeletion{Of: s.Of, ID: id, Work: &binding.Work{RV: id.RV}})
		}
	}
	again("u")
	r.expect(0)
	again("v")
	r.expect(0, "Deleted")
	r.upsert(aMap("v", "6", labelled("no")), false)
	r.expect(0, "Left")
	r.nothingOpen()
}

func (r *rig) nothingOpen() {
	r.t.Helper()
	if n := r.looks.Pending(); n != 0 {
		r.t.Errorf("%d are undecided", n)
	}
	for _, s := range r.feed.Subs {
		if u := &s.Of.Pending; u.N.Load() != 0 || u.Of != nil || u.Bytes != 0 {
			r.t.Errorf("%s still has %d, %d bytes", s.Of.ID, u.N.Load(), u.Bytes)
		}
	}
}

// What a Left carries is the identity, what a Deleted carries the last state, unless that is over the budget.
func TestWhatADepartureCarries(t *testing.T) {
	big := func(cm *corev1.ConfigMap) { cm.Data = map[string]string{"k": strings.Repeat("x", 1000)} }
	for name, c := range map[string]struct {
		budget  int64
		carries bool
	}{"within the budget": {1 << 20, true}, "over the budget": {100, false}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, capability.When(kind.ConfigMap).IsDeleted().HasLeft().MemoryBudget(c.budget).Watch(ignoreMap))
			for _, uid := range []string{"u", "v"} {
				r.upsert(aMap(uid, "1", big), false)
				r.gone(aMap(uid, "2", big), true)
			}
			r.upsert(aMap("v", "3", big), false)
			type told struct {
				typ   queue.EventType
				frame bool
				rv    string
			}
			var got []told
			for _, e := range r.boxes[0].events {
				if e.Passed {
					got = append(got, told{e.Type, e.Payload.Frame != nil, e.Payload.RV})
				}
			}
			if want := []told{{queue.Deleted, c.carries, "2"}, {queue.Left, false, "2"}}; !slices.Equal(got, want) {
				t.Errorf("told %+v, want %+v", got, want)
			}
		})
	}
}
