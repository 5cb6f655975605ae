package model

import (
	"testing"

	"pgregory.net/rapid"
)

// TestModel runs programs of random declarations against the server in memory, in virtual time, while objects change,
// connections break, the history is lost, the program's writes fail or come too late, callbacks fail and hang, and the
// program is stopped and started again. It compares what callbacks are told with what the contract promises: each call when
// it begins (begin_test.go, attempts_test.go), each write of the program (writer_test.go), and everything that was or was
// not told whenever all is quiet (calm_test.go).
//
// That it finds things was seen by breaking the code on purpose, with 300 programs of 60 steps at most:
//
//	broken                                              found after, by
//	a stream leaves out an event in 23                  1 program: a state was not told
//	a stream leaves out a deletion in 7                 2: was deleted, and that was not told
//	a watch resumes one resourceVersion too late        6: a state was not told
//	a relist tells no deletions                         8: was deleted, and that was not told
//	a relist tells no changes                           4: a state was not told
//	two UIDs of one name are one to the queue           1: a deletion before the end of the older object
//	bindings of one capability share no locks           13: overlaps
//	Left for Deleted                                    1: is Left, and the object did not leave
//	Deleted for Left                                    10: is Deleted, and the object exists
//	Left if any object has the name                     12: is Left, and the object did not leave
//	attempts are forgotten when events are merged       6: is no further attempt
//	the third retry is lost                             117: nothing came after
//	a requeue comes after half its time                 4: came too soon
//	calls start after the stop (Reconcile, Watch)       5, 59: starts after the stop
//	events of a Watch start in the wrong order          4: comes before the end of the older object
//	Initial is not said                                 1: is not initial
//	the index keeps what is gone                        1: objects are known of none that there are
//	two targets of a binding share all events           28: was handled before
//	a rider that comes back is told again               1: was told before
//	one call more than Concurrency runs                 1: is one more than may run at once
//	work of what is gone is not dropped                 133: all is quiet, and the binding has work
//
// And of what is around finalizers, triggers and Cached, with programs in which these are drawn, too:
//
//	the patch of finalizers has no resourceVersion      3: a write changed nothing
//	it is not made anew after a conflict                6: nothing came after
//	a finalizer is put on what does not match           57: on an object that the binding does not select
//	Reconcile is given the object without it            1: does not carry the finalizer
//	it is taken off after a clean-up that failed        6: without a clean-up
//	all finalizers are taken off                        3: changed more than its finalizer
//	a clean-up is not remembered                        3: has succeeded before
//	Reconcile is called after the clean-up              56: is cleaned up already
//	what carries it leaves the set with its label       15: waits for the clean-up
//	what was deleted before the start is left alone     129: waits for the clean-up
//	the first state with it is taken for an echo        some: is at, told last was
//	old owners are not woken                            4: was not called after
//	new owners are not woken                            141: was not called after
//	deletions in a gap do not wake                      48: was not called after
//	changes in a gap do not wake                        4: was not called after
//	calls do not wait for the sources of triggers       9: was not called after
//	names of Uses are those of the first state          3: was not called after
//	a Reader keeps what is gone, or what left           4, 4: the Reader has
//	Old is the new state                                4: is none
//
// Not found in each run of that size: a rider that comes back and is not told what went meanwhile; a woken object that is not
// read live where an older state of it is kept; a call that begins after the stop, since it read its object live. Names of Uses that are not forgotten are not found: objects are woken too often
// then, which is no lie.
//
// What is not part of it: a server whose resourceVersion goes back, objects that do not decode, frames that are too
// large, and event types that nobody knows, which all lose states by design. A binding with triggers or a finalizer reads
// objects live, ahead of its stream: there the types of events, and that states do not go back, are not looked at.
//
// To add a feature: a field of spec that is drawn (spec_test.go) and declared (declare_test.go), what it promises in begin
// or missed, and where the world has to do something for it, a step.
func TestModel(t *testing.T) {
	t.Logf("%s=%s %s=%s %s=%s", checksEnv, setting("rapid.checks"), stepsEnv, setting("rapid.steps"), seedEnv, setting("rapid.seed"))
	var steps, calls int
	var seen counts
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			w := newWorld(t)
			w.start(t)
			defer w.end()
			t.Repeat(map[string]func(*rapid.T){
				"change":   w.stepChange,
				"change 2": w.stepChange,
				"burst":    w.stepBurst,
				"burst 2":  w.stepBurst,
				"answers":  w.stepAnswers,
				"behind":   w.stepBehind,
				"writes":   w.stepWrites,
				"let":      w.stepLet,
				"fault":    w.stepFault,
				"heal":     w.stepHeal,
				"gap":      w.stepGap,
				"sleep":    w.stepSleep,
				"sleep 2":  w.stepSleep,
				"calm":     w.stepCalm,
				"withdraw": w.stepWithdraw,
				"restart":  w.stepRestart,
				"":         w.check,
			})
			w.clear(t)
			steps, calls = steps+w.steps, calls+w.calls
			seen.add(&w.seen)
		})
	})
	t.Logf("%d steps, %d calls: %+v", steps, calls, seen)
}

// check looks at what happened since the last step.
func (w *world) check(t *rapid.T) {
	w.steps++
	w.settle()
	w.report(t)
}

// clear lets all come to its end, then deletes everything: nothing may be left of it.
func (w *world) clear(t *rapid.T) {
	w.calm(t)
	w.mu.Lock()
	for _, p := range w.lived() {
		w.update(t, p, unprotect, looks{})
		if w.truth.there[p] != nil {
			w.remove(t, p)
		}
	}
	w.mu.Unlock()
	w.calm(t)
	for _, p := range w.lived() {
		t.Fatalf("%s is deleted, and not gone", p)
	}
	w.stop(t)
}

// end stops everything also when a check failed.
func (w *world) end() {
	w.mu.Lock()
	w.p.stopped = true
	w.mu.Unlock()
	w.p.cancel()
	w.server.Heal()
	for range 10 {
		w.settle()
		w.mu.Lock()
		for _, b := range w.p.bindings {
			clear(b.plans)
			b.release()
		}
		w.mu.Unlock()
	}
}
