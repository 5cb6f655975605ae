package queue

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEventsThatComeWhileOneRunsAreMergedIntoOneCall(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.hold("a/x")
		r.on(added("a/x", "1"))
		r.expect("Added a/x=1")
		r.after(time.Second)
		r.on(modified("a/x", "2"), modified("a/x", "3"), modified("a/x", "4"))
		r.stats(Stats{Waiting: 1, Running: 1})
		r.after(time.Second)
		r.release("a/x")
		r.expect("Modified a/x=4 merged 2")
		if got := r.last().Received.Sub(r.begun); got != time.Second {
			t.Errorf("received at %s, want that of the oldest: 1s", got)
		}
		if want := []time.Duration{0, time.Second}; !slices.Equal(r.seen.waits, want) {
			t.Errorf("waits %v, want %v", r.seen.waits, want)
		}
		if r.seen.received != 4 || r.seen.merged != 2 {
			t.Errorf("received %d merged %d, want 4 and 2", r.seen.received, r.seen.merged)
		}
		r.atRest()
	})
}

// The type is the net change since the last call that did not fail.
func TestNetType(t *testing.T) {
	add, mod, del, left := added("a/x", "v"), modified("a/x", "v"), deleted("a/x", "v"), hasLeft("a/x", "v")
	wake := Event[string]{Key: key("a/x"), Type: Unchanged, Bare: true, Passed: true}
	not := func(e Event[string]) Event[string] { e.Passed = false; return e }
	tests := []struct {
		name   string
		before *Event[string] // handled before
		events []Event[string]
		want   EventType
	}{
		{"added", nil, []Event[string]{add}, Added},
		{"added then modified", nil, []Event[string]{add, mod}, Added},
		{"added then deleted", nil, []Event[string]{add, del}, Deleted},
		{"added then left", nil, []Event[string]{add, left}, Left},
		{"left then added", &add, []Event[string]{left, add}, Modified},
		{"left then added then left", &add, []Event[string]{left, add, left}, Left},
		{"modified then left then deleted", &add, []Event[string]{mod, left, del}, Deleted},
		{"modified", &add, []Event[string]{mod, mod}, Modified},
		{"modified, of which nothing was told, the Added having been filtered out", nil, []Event[string]{mod}, Modified},
		{"trigger", &add, []Event[string]{wake, wake}, Unchanged},
		{"trigger then modified", &add, []Event[string]{wake, mod}, Modified},
		{"modified then trigger", &add, []Event[string]{mod, wake}, Modified},
		{"trigger then added", nil, []Event[string]{wake, add}, Added},
		{"deleted then trigger", &add, []Event[string]{del, wake}, Deleted},
		{"trigger, and a change that did not pass", &add, []Event[string]{wake, not(mod)}, Unchanged},
		{"left, and added that did not pass", &add, []Event[string]{left, not(add)}, Modified},
		{"trigger, added that did not pass, modified", nil, []Event[string]{wake, not(add), mod}, Modified},
		{"left that did not pass, then added", &add, []Event[string]{mod, not(left), add}, Added},
		{"left, and deleted that did not pass", &add, []Event[string]{left, not(del)}, Left},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := newRig(t, Options{Strategy: Global})
				if tt.before != nil {
					r.on(*tt.before)
				}
				r.hold("z")
				r.on(added("z", "")) // keeps the lane, so that the events wait
				r.expect(append(map[bool][]string{true: {"Added a/x=v"}}[tt.before != nil], "Added z=")...)
				r.on(tt.events...)
				r.release("z")
				if got := r.last(); got.Key != key("a/x") || got.Type != tt.want {
					t.Errorf("call %q, want %s", describe(got), tt.want)
				}
				r.atRest()
			})
		})
	}
}

func TestAFailedCallIsMergedWithWhatCameMeanwhile(t *testing.T) {
	tests := []struct {
		name  string
		first Event[string]
		then  []Event[string]
		want  string
	}{
		{"nothing came", added("a/x", "1"), nil, "Added a/x=1 attempt 2"},
		{"added", added("a/x", "1"), []Event[string]{modified("a/x", "2")}, "Added a/x=2 attempt 2 merged 1"},
		{"modified", modified("a/x", "1"), []Event[string]{modified("a/x", "2"), modified("a/x", "3")}, "Modified a/x=3 attempt 2 merged 2"},
		{"added, deleted", added("a/x", "1"), []Event[string]{deleted("a/x", "2")}, "Deleted a/x=2 merged 1"},
		{"left, added", hasLeft("a/x", "1"), []Event[string]{added("a/x", "2")}, "Modified a/x=2 merged 1"},
		{"a trigger keeps type and payload", modified("a/x", "1"), []Event[string]{{Key: key("a/x"), Type: Unchanged, Bare: true, Passed: true}}, "Modified a/x=1 attempt 2 merged 1"},
		{"a change that did not pass brings it up to date", added("a/x", "1"), []Event[string]{modified("a/x", "2", filtered)}, "Added a/x=2 attempt 2"},
		{"a bare change makes the payload outdated", added("a/x", "1"), []Event[string]{modified("a/x", "", func(e *Event[string]) { e.Bare = true })}, "Added a/x= bare attempt 2 merged 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := newRig(t, Options{})
				r.hold("a/x")
				r.answers("a/x", retry())
				r.on(tt.first)
				r.on(tt.then...)
				r.release("a/x")
				first := describe(r.calls[0])
				if !strings.Contains(tt.want, "attempt") { // it is other work, and due at once
					r.expect(first, tt.want)
					r.atRest()
					return
				}
				r.expect(first)
				r.after(time.Second - 1)
				r.expect()
				r.after(1)
				r.expect(tt.want)
				r.atRest()
			})
		})
	}
}

func TestTheLastCausesAreKept(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.answers("a/x", retry(), retry())
		r.hold("a/x")
		r.on(added("a/x", "0"))
		first := r.last().Causes
		for i := range 50 {
			e := modified("a/x", "v")
			e.Cause.Name = fmt.Sprint(i)
			r.on(e)
		}
		r.one("a/x")
		r.after(time.Second)
		got := r.last()
		if len(got.Causes) != MaxCauses || got.Merged != 50 {
			t.Fatalf("%d causes, merged %d; want %d and 50", len(got.Causes), got.Merged, MaxCauses)
		}
		if c := got.Causes[MaxCauses-1]; c.Name != "49" || c.Via != ViaWatch {
			t.Errorf("last cause %+v, want the event 49", c)
		}
		r.release("a/x")
		r.after(2 * time.Second)
		got = r.last()
		retries := 0
		for _, c := range got.Causes {
			if c.Via == ViaRetry {
				retries++
			}
		}
		if c := got.Causes[MaxCauses-1]; c != (Cause{Type: Added, Via: ViaRetry, Name: "a/x"}) || retries != 1 {
			t.Errorf("last cause %+v and %d retries, want one retry, at the end", c, retries)
		}
		if len(first) != 1 || first[0].Via != ViaWatch || first[0].Type != Added {
			t.Errorf("the causes that the first call was given became %+v", first)
		}
	})
}

func TestInitial(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.answers("a/x", retry())
		r.on(added("a/x", "1", initial))
		r.expect("Added a/x=1 initial")
		r.on(modified("a/x", "2")) // it was not told yet: still the one of the list
		r.after(time.Second)
		r.expect("Added a/x=2 initial attempt 2 merged 1")
		r.on(modified("a/x", "3"))
		r.expect("Modified a/x=3")
		r.on(hasLeft("a/x", "4"))
		r.on(added("a/x", "5"))
		r.expect("Left a/x=4", "Added a/x=5")
	})
}

func TestInitialObjectThatIsDeletedBeforeItWasTold(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{Strategy: Global})
		r.hold("z")
		r.on(added("z", ""), added("a/x", "1", initial), deleted("a/x", "2"))
		r.release("z")
		r.expect("Added z=", "Deleted a/x=2 merged 1")
	})
}

func TestAttemptsStartAgainAfterASuccess(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.answers("a/x", retry(), retry(), Result{}, retry())
		r.on(added("a/x", "1"))
		r.after(10 * time.Second)
		r.expect("Added a/x=1", "Added a/x=1 attempt 2", "Added a/x=1 attempt 3")
		r.on(modified("a/x", "2"))
		r.after(time.Second)
		r.expect("Modified a/x=2", "Modified a/x=2 attempt 2")
		r.atRest()
	})
}

func TestADropIsForgottenButNotCompared(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.answers("a/x", Result{Outcome: Drop})
		r.hold("a/x")
		r.on(added("a/x", "1"))
		r.on(modified("a/x", "2"))
		r.expect("Added a/x=1")
		r.release("a/x")
		r.expect("Added a/x=2") // it was told of nothing yet
		r.atRest()
	})
}

func TestATriggerIsBareAndFindsTheUIDLater(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.q.Add(triggered[string](key("a/x"), Cause{Type: Modified, Via: ViaOwned, Kind: "Pod", Name: "a/p"}))
		r.expect("Unchanged a/x= bare")
		if c := r.last().Causes; len(c) != 1 || c[0].Kind != "Pod" || r.last().UID != "" {
			t.Errorf("causes %+v, UID %q", c, r.last().UID)
		}
		r.hold("a/x")
		r.on(modified("a/x", "1"))
		r.q.Add(triggered[string](key("a/x"), Cause{Via: ViaOwned}))
		r.on(modified("a/x", "2"))
		r.release("a/x")
		r.expect("Modified a/x=1", "Modified a/x=2 merged 1")
		if r.last().UID != "1" {
			t.Errorf("UID %q, want that of the event", r.last().UID)
		}
		r.atRest()
	})
}
