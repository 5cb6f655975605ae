package machine

import (
	"context"
	"time"

	"github.com/ancho-dev/ancho/internal/plaintext"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// settle says what the stream is in for, and waits before the next attempt.
func (m *machine) settle(ctx context.Context, a action, in input, end *ending) {
	if a.block {
		m.ail(in.ask)
	}
	if a.pause == pauseForever {
		m.enter(report.Blocked, a.reason, m.describe(a, in, end), time.Time{})
		m.sleep(ctx, -1)
		return
	}
	d := m.back.pause(a)
	at := time.Time{}
	if d > 0 {
		at = time.Now().Add(d)
	}
	switch {
	case a.block:
		m.enter(report.Blocked, a.reason, m.describe(a, in, end), at)
	case m.state.Phase == report.Blocked: // until something succeeds
		m.enter(report.Blocked, m.state.Reason, m.state.Message, at)
	case m.next == askWatch || m.next == askHead:
		m.enter(report.Resuming, a.reason, "", at)
	default:
		m.enterSnapshot()
	}
	m.sleep(ctx, d)
}

// show changes the state, unless the stream is blocked: only what heardFrom and sound accept ends that.
func (m *machine) show(p report.Phase, why report.Reason) {
	message := ""
	if m.state.Phase == report.Blocked {
		p, why, message = report.Blocked, m.state.Reason, m.state.Message
	}
	m.enter(p, why, message, time.Time{})
}

// showSnapshot is show for a snapshot that is being read.
func (m *machine) showSnapshot() {
	if m.state.Phase == report.Blocked {
		m.show(report.Blocked, "")
		return
	}
	m.enterSnapshot()
}

// enterSnapshot says that a snapshot is being read.
func (m *machine) enterSnapshot() {
	switch {
	case m.polling:
		m.enterPolling(time.Time{})
	case m.synced:
		m.enter(report.Relisting, m.why, "", time.Time{})
	default:
		m.enter(report.Listing, m.why, "", time.Time{})
	}
}

// enter changes the state, and tells who wants to know if it is another one than before.
func (m *machine) enter(p report.Phase, why report.Reason, message string, retryAt time.Time) {
	old := m.state
	now := old
	if message != old.Message {
		message = plaintext.Bound(message)
	}
	now.Phase, now.Reason, now.Message, now.RetryAt = p, why, message, retryAt
	now.Synced, now.RV, now.Objects, now.Gone = m.synced, plaintext.Bound(m.rv), m.index.Len(), m.gone
	if p != old.Phase || why != old.Reason {
		now.Since = time.Now()
	}
	m.mu.Lock()
	m.state = now
	m.mu.Unlock()
	m.log(now)
	if p != old.Phase || why != old.Reason || message != old.Message || now.Gone != old.Gone {
		m.handler.StateChanged(now)
	}
}

// publish shows how far the stream has come.
func (m *machine) publish() {
	objects := m.index.Len()
	rv := plaintext.Bound(m.rv)
	if m.state.RV == rv && m.state.Synced == m.synced && m.state.Objects == objects {
		return
	}
	m.mu.Lock()
	m.state.RV, m.state.Synced, m.state.Objects = rv, m.synced, objects
	m.mu.Unlock()
}
