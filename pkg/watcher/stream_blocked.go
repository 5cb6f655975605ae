package watcher

import (
	"context"
	"time"
)

// settle says what the stream is in for, and waits before the next attempt.
func (m *machine) settle(ctx context.Context, a action, in input, end *ending) {
	if a.pause == pauseForever {
		m.enter(Blocked, a.reason, m.describe(a, in, end), time.Time{})
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
		m.enter(Blocked, a.reason, m.describe(a, in, end), at)
	case m.state.Phase == Blocked: // until something succeeds
		m.enter(Blocked, m.state.Reason, m.state.Message, at)
	case m.next == askWatch || m.next == askHead:
		m.enter(Resuming, a.reason, "", at)
	default:
		m.enterSnapshot()
	}
	m.sleep(ctx, d)
}

// enterSnapshot says that a snapshot is being read.
func (m *machine) enterSnapshot() {
	switch {
	case m.polling:
		m.enterPolling(time.Time{})
	case m.synced:
		m.enter(Relisting, m.why, "", time.Time{})
	default:
		m.enter(Listing, m.why, "", time.Time{})
	}
}

// enter changes the state, and tells who wants to know if it is another one than before.
func (m *machine) enter(p Phase, why Reason, message string, retryAt time.Time) {
	old := m.state
	now := old
	now.Phase, now.Reason, now.Message, now.RetryAt = p, why, message, retryAt
	now.Synced, now.RV, now.Objects = m.synced, m.rv, m.index.Len()
	if p != old.Phase || why != old.Reason {
		now.Since = time.Now()
	}
	m.mu.Lock()
	m.state = now
	m.mu.Unlock()
	m.log(now)
	if p != old.Phase || why != old.Reason || message != old.Message {
		m.o.Observer.State(now)
		m.handler.StateChanged(now)
	}
}

// publish shows how far the stream has come.
func (m *machine) publish() {
	objects := m.index.Len()
	if m.state.RV == m.rv && m.state.Synced == m.synced && m.state.Objects == objects {
		return
	}
	m.mu.Lock()
	m.state.RV, m.state.Synced, m.state.Objects = m.rv, m.synced, objects
	m.mu.Unlock()
}

// log writes one line when the stream is blocked for a new reason, and one when it is not any more.
func (m *machine) log(s State) {
	switch {
	case s.Phase == Blocked:
		if m.blockedSince.IsZero() {
			m.blockedSince = time.Now()
		}
		if m.blockedFor == s.Reason {
			return
		}
		m.blockedFor = s.Reason
		retry := "never"
		if !s.RetryAt.IsZero() {
			retry = time.Until(s.RetryAt).Round(time.Millisecond).String()
		}
		m.o.Logger.Info("stream is blocked", "target", m.target.String(), "reason", s.Reason,
			"message", s.Message, "retryIn", retry)
	case !m.blockedSince.IsZero() && s.Phase != Stopped:
		m.o.Logger.Info("stream has recovered", "target", m.target.String(), "phase", s.Phase.String(),
			"was", m.blockedFor, "after", time.Since(m.blockedSince).Round(time.Millisecond).String())
		m.blockedSince, m.blockedFor = time.Time{}, ""
	}
}
