package model

import (
	"time"

	"pgregory.net/rapid"

	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// What the steps are. Nothing that is drawn depends on what the program did, so that a run can be replayed and made
// smaller whatever the scheduler does.

// stepChange changes one object.
func (w *world) stepChange(t *rapid.T) { w.change(t, pick(t)) }

// stepBurst changes several objects, or one several times, while the program is at work; in the midst something may
// happen to the network.
func (w *world) stepBurst(t *rapid.T) {
	n := rapid.IntRange(2, 8).Draw(t, "changes")
	cutAt := rapid.IntRange(-8, n-1).Draw(t, "cut at")
	one := rapid.Bool().Draw(t, "of one")
	p := pick(t)
	for i := range n {
		if i == cutAt {
			w.fault(t)
		}
		if !one {
			p = pick(t)
		}
		w.change(t, p)
	}
}

// stepAnswers says what the next calls for a name do.
func (w *world) stepAnswers(t *rapid.T) {
	i := rapid.IntRange(0, len(w.specs)-1).Draw(t, "binding")
	p := pick(t)
	next := someAnswers(t)
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.p.bindings[i]
	key := p.namespace + "/" + p.name
	b.plans[key] = append(b.plans[key], next...)
}

// stepBehind has calls for an object hang, changes the object behind them, and lets them go.
func (w *world) stepBehind(t *rapid.T) {
	p := pick(t)
	w.plan(p, rapid.SampledFrom([]answer{hangs, holds, waits}).Draw(t, "answer"))
	w.change(t, p)
	w.settle()
	for range rapid.IntRange(1, 4).Draw(t, "changes") {
		w.change(t, p)
	}
	w.settle()
	if rapid.Bool().Draw(t, "let go") {
		w.let()
	}
}

// plan has the next call of each binding for a name do something.
func (w *world) plan(p place, a answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := p.namespace + "/" + p.name
	for _, b := range w.p.bindings {
		if b.resource == p.resource {
			b.plans[key] = append(b.plans[key], a)
		}
	}
}

func (w *world) stepLet(*rapid.T) { w.let() }

func (w *world) stepFault(t *rapid.T) { w.fault(t) }

func (w *world) stepHeal(*rapid.T) { w.heal() }

// stepGap has objects change while nothing is told, and loses the history of that.
func (w *world) stepGap(t *rapid.T) {
	n := rapid.IntRange(1, 6).Draw(t, "changes")
	w.mu.Lock()
	w.logf("%s gap", time.Now().Format(clock))
	w.p.gap = true
	w.mu.Unlock()
	away := w.server.Fault(fake.Refuse(), fake.Verbs("list", "watch"))
	w.server.Cut(fake.Verbs("list", "watch"))
	for range n {
		w.change(t, pick(t))
	}
	w.server.Compact()
	away.Stop()
}

func (w *world) stepSleep(t *rapid.T) {
	time.Sleep(rapid.SampledFrom([]time.Duration{
		50 * time.Millisecond, time.Second, 5 * time.Second, time.Minute, 12 * time.Minute,
	}).Draw(t, "for"))
}

// stepWrites says what happens to the next writes of the program.
func (w *world) stepWrites(t *rapid.T) {
	some := rapid.SliceOfN(rapid.Custom(someHindrance), 1, 4).Draw(t, "writes")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes = append(w.writes, some...)
}

// stepWithdraw has the server not serve the custom resource for a while: its objects are deleted with it.
func (w *world) stepWithdraw(t *rapid.T) {
	if rapid.IntRange(0, 2).Draw(t, "really") > 0 {
		t.Skip("seldom")
	}
	w.mu.Lock()
	w.logf("%s withdraw", time.Now().Format(clock))
	w.p.gap = true
	w.server.Unregister(gadget)
	for _, p := range w.lived() {
		if p.resource == gadgets {
			w.truth.there[p].robbed = true
			w.truth.end(p)
		}
	}
	w.mu.Unlock()
	w.stepSleep(t)
	w.server.Register(gadget)
}

func (w *world) stepRestart(t *rapid.T) {
	if rapid.IntRange(0, 2).Draw(t, "really") > 0 {
		t.Skip("seldom")
	}
	if rapid.Bool().Draw(t, "at work") {
		for range rapid.IntRange(1, 6).Draw(t, "changes before") {
			p := pick(t)
			w.plan(p, rapid.SampledFrom([]answer{hangs, holds, waits}).Draw(t, "answer"))
			w.change(t, p)
		}
	}
	w.stop(t)
	for range rapid.IntRange(0, 3).Draw(t, "changes") {
		w.change(t, pick(t))
	}
	if rapid.Bool().Draw(t, "amid a fault") { // one kind may be known, and another not
		w.fault(t)
	}
	w.start(t)
}
