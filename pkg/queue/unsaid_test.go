package queue

import (
	"testing"
	"time"
)

func nothingToCall() Result { return Result{Outcome: Drop} }

// An Added that was dropped on the way (its live read found that the object matched no more, say) is said by the next
// call, in each of the engines.
func TestModifiedNeverReplacesAnAddedThatWasDropped(t *testing.T) {
	engines := map[string]func(*testing.T) *rig{
		"merging":  func(t *testing.T) *rig { return newRig(t, Options{}) },
		"in order": func(t *testing.T) *rig { return newRig(t, Options{InOrder: true}) },
		"pool":     func(t *testing.T) *rig { return newPoolRig(t, Options{}) },
	}
	for name, engine := range engines {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := engine(t)
				r.answers("a/x", nothingToCall(), nothingToCall(), retry())
				r.on(added("a/x", "1", initial))
				r.atRest()
				r.on(modified("a/x", "2"))
				r.atRest()
				r.on(modified("a/x", "3"))
				r.after(time.Second)
				r.expect("Added a/x=1 initial", "Added a/x=2 initial", "Added a/x=3 initial", "Added a/x=3 initial attempt 2")
				r.on(modified("a/x", "4"))
				r.expect("Modified a/x=4")
				r.atRest()
			})
		})
		t.Run(name+", out of the set", func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				for _, out := range []Event[string]{hasLeft("a/x", "2", filtered), deleted("a/x", "2"), deleted("a/x", "2", filtered)} {
					r := engine(t)
					r.answers("a/x", nothingToCall())
					r.on(added("a/x", "1"))
					r.on(out)
					r.expect(append([]string{"Added a/x=1"}, map[bool][]string{true: {"Deleted a/x=2"}}[out.Passed]...)...)
					if r.q != nil && len(r.q.unsaid.M) > 0 || r.p != nil && len(r.p.unsaid.M) > 0 {
						t.Errorf("after %s, passed %v, what is unsaid is kept", out.Type, out.Passed)
					}
				}
			})
		})
	}
}

// A trigger says it, too: the object was added.
func TestATriggerSaysWhatWasDropped(t *testing.T) {
	for _, inOrder := range []bool{false, true} {
		inBubble(t, func(t *testing.T) {
			r := newRig(t, Options{InOrder: inOrder})
			r.answers("a/x", nothingToCall())
			r.hold("a/x")
			r.on(added("a/x", "1"))
			r.q.Add(triggered[string](key("a/x"), Cause{Via: ViaOwned}))
			r.release("a/x")
			r.on(modified("a/x", "2"))
			r.expect("Added a/x=1", "Added a/x= bare", "Modified a/x=2")

			r.answers("a/y", nothingToCall())
			r.on(added("a/y", "1"))
			r.q.Add(triggered[string](key("a/y"), Cause{Via: ViaOwned}))
			r.on()
			r.on(modified("a/y", "2"))
			r.expect("Added a/y=1", "Added a/y= bare", "Modified a/y=2")
			r.atRest()
		})
	}
}

// What another object of the name left unsaid is not said of this one.
func TestWhatWasDroppedIsOfOneObject(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.answers("a/x", nothingToCall())
		r.on(added("a/x", "1"))
		r.on(modified("a/x#2", "2"))
		r.expect("Added a/x=1", "Modified a/x=2")
		r.atRest()
	})
}
