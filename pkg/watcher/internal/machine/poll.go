package machine

import (
	"context"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

const (
	// retestAfter is when a conclusion from one answer is tested for the first time: it may have been an odd one.
	retestAfter = 5 * time.Minute
	// retestEvery is how long a conclusion holds at most (rule 42): servers, and what is between, change.
	retestEvery = time.Hour
)

// retest is when a conclusion is to be tested again. The zero value is due.
type retest struct {
	at   time.Time
	wait time.Duration // before the last test
}

func (r *retest) due() bool { return !time.Now().Before(r.at) }

// concluded notes that the conclusion was drawn, or confirmed.
func (r *retest) concluded() {
	r.wait = min(max(2*r.wait, retestAfter), retestEvery)
	r.at = time.Now().Add(r.wait)
}

// begun notes that a test is under way.
func (r *retest) begun() { r.at = time.Now().Add(retestEvery) }

// poll lists from now on, every while, what the server cannot watch (rules 42 and 56).
func (m *machine) poll(ctx context.Context, why report.Reason) {
	m.progress()
	m.health = health{}
	if !m.polling {
		m.polling, m.pollWhy = true, why
		m.retest.concluded()
	}
	m.enterPolling(time.Now().Add(m.o.PollEvery))
	m.sleep(ctx, m.o.PollEvery)
	if ctx.Err() == nil {
		m.beginSnapshot(report.ReasonPoll)
	}
}

// enterPolling says what is done instead of watching.
func (m *machine) enterPolling(next time.Time) {
	message := "the server cannot watch this resource: it is listed every " + m.o.PollEvery.String()
	if m.pollWhy == report.ReasonNoVersion {
		message = "the server sends no resourceVersion to watch from: the resource is listed every " + m.o.PollEvery.String()
	}
	m.enter(report.Polling, m.pollWhy, message, next)
}
