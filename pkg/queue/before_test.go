package queue

import (
	"testing"
	"time"
)

// What an object was like before goes with the type: it is what the first event found that the type tells of.
func TestBefore(t *testing.T) {
	mod := func(v, b string) Event[string] { return modified("a/x", v, before(b)) }
	tests := []struct {
		name   string
		o      Options
		first  Event[string]
		answer Result
		then   []Event[string]
		want   []string
	}{
		{"one event", Options{}, mod("2", "1"), Result{}, nil, []string{"Modified a/x=2 before=1"}},
		{
			"merged while one runs", Options{}, mod("2", "1"), Result{},
			[]Event[string]{mod("3", "2"), mod("4", "3")},
			[]string{"Modified a/x=2 before=1", "Modified a/x=4 before=2 merged 1"},
		},
		{
			"a failed call tells again, with what came", Options{}, mod("2", "1"), retry(),
			[]Event[string]{mod("3", "2")},
			[]string{"Modified a/x=2 before=1", "Modified a/x=3 before=1 attempt 2 merged 1"},
		},
		{
			"a failed Added had nothing before", Options{}, added("a/x", "1"), retry(),
			[]Event[string]{mod("2", "1")},
			[]string{"Added a/x=1", "Added a/x=2 attempt 2 merged 1"},
		},
		{
			"left and back", Options{}, hasLeft("a/x", "", before("1")), retry(),
			[]Event[string]{added("a/x", "3")},
			[]string{"Left a/x= before=1", "Modified a/x=3 before=1 merged 1"},
		},
		{
			"changed, then deleted", Options{}, mod("2", "1"), Result{},
			[]Event[string]{mod("3", "2"), deleted("a/x", "4", before("3"))},
			[]string{"Modified a/x=2 before=1", "Deleted a/x=4 before=2 merged 1"},
		},
		{
			"a call that was none compares with what it was compared with", Options{}, mod("2", "1"), Result{Outcome: Drop},
			[]Event[string]{mod("3", "2")},
			[]string{"Modified a/x=2 before=1", "Modified a/x=3 before=1"},
		},
		{
			"a requeue tells of no change", Options{}, mod("2", "1"), requeueAfter(time.Second), nil,
			[]string{"Modified a/x=2 before=1", "Unchanged a/x=2"},
		},
		{
			"a requeued Deleted has been told", Options{}, deleted("a/x", "2", before("1")), requeueAfter(time.Second), nil,
			[]string{"Deleted a/x=2 before=1", "Deleted a/x=2"},
		},
		{
			"in order each has its own", Options{InOrder: true}, mod("2", "1"), Result{},
			[]Event[string]{mod("3", "2"), mod("4", "3")},
			[]string{"Modified a/x=2 before=1", "Modified a/x=3 before=2", "Modified a/x=4 before=3"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				r := newRig(t, tt.o)
				r.hold("a/x")
				r.answers("a/x", tt.answer)
				r.on(tt.first)
				r.on(tt.then...)
				r.release("a/x")
				r.after(time.Minute)
				r.expect(tt.want...)
				r.atRest()
			})
		})
	}
}

// A parked object comes again as compared with what its failed calls were.
func TestBeforeOfWhatWasParked(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newRig(t, Options{})
		r.answers("a/x", permanent())
		r.on(modified("a/x", "2", before("1")))
		r.on(modified("a/x", "3", before("2")))
		r.expect("Modified a/x=2 before=1", "Modified a/x=3 before=1")
		r.atRest()
	})
}

func TestBeforeOfAPool(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		r := newPoolRig(t, Options{Concurrency: 1})
		r.hold("z")
		r.on(added("z", ""))
		r.answers("a/x", retry())
		r.on(modified("a/x", "2", before("1")), modified("a/x", "3", before("2")))
		r.release("z")
		r.after(time.Second)
		r.expect("Added z=", "Modified a/x=2 before=1", "Modified a/x=3 before=2", "Modified a/x=2 before=1 attempt 2")
		r.atRest()
	})
}
