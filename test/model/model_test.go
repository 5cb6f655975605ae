package model

import (
	"testing"

	"pgregory.net/rapid"
)

// TestModel runs programs of random declarations against the server in memory, in virtual time, while objects change,
// connections break, the history is lost, callbacks fail and hang, and the program is stopped and started again. It
// compares what callbacks are told with what the contract promises.
func TestModel(t *testing.T) {
	t.Logf("%s=%s %s=%s %s=%s", checksEnv, setting("rapid.checks"), stepsEnv, setting("rapid.steps"), seedEnv, setting("rapid.seed"))
	var steps, calls int
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
				"let":      w.stepLet,
				"fault":    w.stepFault,
				"heal":     w.stepHeal,
				"sleep":    w.stepSleep,
				"sleep 2":  w.stepSleep,
				"calm":     w.stepCalm,
				"withdraw": w.stepWithdraw,
				"restart":  w.stepRestart,
				"":         w.check,
			})
			w.clear(t)
			steps, calls = steps+w.steps, calls+w.calls
		})
	})
	t.Logf("%d steps, %d calls", steps, calls)
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
		w.remove(t, p)
	}
	w.mu.Unlock()
	w.calm(t)
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
