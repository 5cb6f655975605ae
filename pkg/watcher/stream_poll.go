package watcher

import (
	"context"
	"time"
)

// poll lists from now on, every while, what the server cannot watch (rules 42 and 56).
func (m *machine) poll(ctx context.Context, why Reason) {
	m.progress()
	if !m.polling {
		m.polling, m.pollWhy = true, why
	}
	m.enterPolling(time.Now().Add(m.o.PollEvery))
	m.sleep(ctx, m.o.PollEvery)
	if ctx.Err() == nil {
		m.beginSnapshot(ReasonPoll)
	}
}

// enterPolling says what is done instead of watching.
func (m *machine) enterPolling(next time.Time) {
	message := "the server cannot watch this resource: it is listed every " + m.o.PollEvery.String()
	if m.pollWhy == ReasonNoVersion {
		message = "the server sends no resourceVersion to watch from: the resource is listed every " + m.o.PollEvery.String()
	}
	m.enter(Polling, m.pollWhy, message, next)
}
