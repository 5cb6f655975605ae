package runtime

import "testing"

// For the queue, a deletion begins a generation, also of a kind that counts none.
func TestADeletionIsAnEpoch(t *testing.T) {
	f := &finalizer{}
	seen := map[int64]bool{}
	for _, generation := range []int64{0, 1, 2, 3} {
		for _, deleting := range []bool{false, true} {
			m := frameOf(t, mapNamed("a")).Meta
			m.Generation, m.Deleting = generation, deleting
			epoch := f.epoch(&m)
			if seen[epoch] || (epoch <= 0) != (generation == 0) || epoch == 0 {
				t.Errorf("generation %d, deleting %v: epoch %d", generation, deleting, epoch)
			}
			seen[epoch] = true
		}
	}
}
