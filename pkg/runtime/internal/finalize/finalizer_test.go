package finalize

import (
	"testing"

	"github.com/ancho-dev/ancho/pkg/watcher"
)

// For the queue, a deletion begins a generation, also of a kind that counts none.
func TestADeletionIsAnEpoch(t *testing.T) {
	f := &Finalizer{}
	seen := map[int64]bool{}
	for _, generation := range []int64{0, 1, 2, 3} {
		for _, deleting := range []bool{false, true} {
			m := watcher.Meta{Namespace: "ns", Name: "a"}
			m.Generation, m.Deleting = generation, deleting
			epoch := f.Epoch(&m)
			if seen[epoch] || (epoch <= 0) != (generation == 0) || epoch == 0 {
				t.Errorf("generation %d, deleting %v: epoch %d", generation, deleting, epoch)
			}
			seen[epoch] = true
		}
	}
}

// An object that a list did not show, and that comes back, is no deleted object.
func TestWardOfAnObjectThatReturns(t *testing.T) {
	f := New(Options{Name: "example.com/f"})
	m := &watcher.Meta{Namespace: "ns", Name: "n", UID: "u", ResourceVersion: "10"}
	for _, on := range []bool{true, false} {
		f.edit(IDOf(m), func(w *Ward) { w.Lost = true })
		if !f.Depart(IDOf(m), true, nil) {
			t.Error("no clean-up is due")
		}
		if w := f.Get(IDOf(m)); !w.Gone || !w.Owes() {
			t.Errorf("%+v", w)
		}
		if on {
			f.delivered(m)
		} else {
			f.missing(m, false)
		}
		if w := f.Get(IDOf(m)); w.Gone || w.Owes() || w.asked || w.Absent {
			t.Errorf("%+v", w)
		}
	}
}
