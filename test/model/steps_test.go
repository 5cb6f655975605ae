package model

import (
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"
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

func (w *world) stepLet(*rapid.T) { w.let() }

func (w *world) stepFault(t *rapid.T) { w.fault(t) }

func (w *world) stepHeal(*rapid.T) { w.network.heal() }

func (w *world) stepSleep(t *rapid.T) {
	time.Sleep(rapid.SampledFrom([]time.Duration{
		50 * time.Millisecond, time.Second, 5 * time.Second, time.Minute, 12 * time.Minute,
	}).Draw(t, "for"))
}

func (w *world) stepRestart(t *rapid.T) {
	if rapid.IntRange(0, 2).Draw(t, "really") > 0 {
		t.Skip("seldom")
	}
	w.stop(t)
	for range rapid.IntRange(0, 3).Draw(t, "changes") {
		w.change(t, pick(t))
	}
	w.start(t)
}

// fault has something happen to the network, or to the server's history.
func (w *world) fault(t *rapid.T) {
	what := rapid.SampledFrom([]string{
		"cut", "cut", "cut inside", "die", "stall", "refuse", "compact", "lose", "expired", "throttled", "broken", "unexplained", "forbidden", "unauthorized",
	}).Draw(t, "fault")
	times := rapid.IntRange(1, 5).Draw(t, "times")
	size := rapid.IntRange(0, 700).Draw(t, "bytes")
	some := rapid.Bool().Draw(t, "gadgets alone")
	w.mu.Lock()
	w.logf("%s fault: %s", time.Now().Format(clock), what)
	w.mu.Unlock()
	answer := refusal{times: times, gadgets: some}
	switch what {
	case "cut":
		w.network.cut()
		return
	case "cut inside":
		w.network.cutInside(size)
		return
	case "die":
		w.network.die()
		return
	case "stall":
		w.network.stalls(true)
		return
	case "refuse":
		w.network.refusesAll(true)
		return
	case "compact":
		w.lost()
		w.server.Compact()
		return
	case "lose":
		w.lost()
		w.server.Compact()
		w.network.cut()
		return
	case "expired":
		answer.status = metav1.Status{Code: http.StatusGone, Reason: metav1.StatusReasonExpired, Message: "too old"}
		answer.watch = true
	case "throttled":
		answer.status = metav1.Status{Code: http.StatusTooManyRequests, Reason: metav1.StatusReasonTooManyRequests}
		answer.after = "3"
	case "broken":
		answer.status = metav1.Status{Code: http.StatusServiceUnavailable, Reason: metav1.StatusReasonServiceUnavailable}
	case "unexplained":
		answer.status = metav1.Status{Code: http.StatusInternalServerError}
	case "forbidden":
		answer.status = metav1.Status{Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden}
		answer.wide = true
		answer.times *= 4
	case "unauthorized":
		answer.status = metav1.Status{Code: http.StatusUnauthorized, Reason: metav1.StatusReasonUnauthorized}
	}
	w.lost()
	w.network.answers(answer)
	w.network.cut()
}

// lost notes that what happens from now on may be told as a difference.
func (w *world) lost() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.p.gap = true
}
