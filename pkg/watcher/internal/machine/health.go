package machine

import (
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// This file decides when a stream that was blocked has recovered (rule 60): not with a status line, but with bytes that can
// be used, or with a watch that lasts. Where a stream fails again right after such a recovery, bytes are no proof any more
// until a watch has lasted: else its state and the log would alternate with each attempt.

// health is what is known about that.
type health struct {
	asked   request // that failed when the stream was last blocked
	shaken  bool    // it was blocked, and no watch has lasted since
	doubted bool    // it was blocked, recovered, and was blocked again before a watch lasted
	empty   int     // watches in a row that ended at once and brought nothing
}

// ail notes that the stream is blocked now.
func (m *machine) ail(ask request) {
	m.health.asked = ask
	if m.state.Phase != report.Blocked {
		m.health.doubted = m.health.shaken
	}
	m.health.shaken = true
}

// heardFrom is called when something usable arrived: a frame, a bookmark, a complete page.
func (m *machine) heardFrom(ask request) {
	switch {
	case m.state.Phase != report.Blocked, m.health.doubted:
	case ask == askHead && m.health.asked != askHead: // it says nothing of what failed
	default:
		m.unblock(ask)
	}
}

// unblock shows what the stream does instead of being blocked.
func (m *machine) unblock(ask request) {
	switch ask {
	case askWatch:
		m.enter(report.Streaming, "", "", time.Time{})
	case askHead:
		m.enter(report.Resuming, m.state.Reason, "", time.Time{})
	default:
		m.enterSnapshot()
	}
}

// sound notes that a watch has lasted, or did what a watch is to do.
func (m *machine) sound() {
	m.health.shaken, m.health.doubted, m.health.empty = false, false, 0
	m.retest = retest{}
	if m.state.Phase == report.Blocked {
		m.unblock(askWatch)
	}
}

// verdict is when the silence of a watch says something: that it lasts, once it is open; or that the server has taken
// it, while headers wait for the first event (rule 33), since one that refuses says so sooner.
func (m *machine) verdict(c *conn) time.Time {
	switch {
	case !c.opened.IsZero() && (m.health.shaken || m.state.Phase == report.Blocked):
		return c.live.Add(shortWatch)
	case c.opened.IsZero() && m.state.Phase == report.Blocked && !m.health.doubted:
		return c.begun.Add(m.o.FirstAnswer)
	}
	return time.Unix(1<<40, 0)
}

// lasted is called when the time of the verdict has come, and nothing else has.
func (m *machine) lasted(c *conn) {
	if c.opened.IsZero() {
		m.enter(report.Resuming, m.state.Reason, "", time.Time{})
		return
	}
	m.sound()
}

// judge looks at a watch that ended. One that lasted, or ended in order after it brought something, was one.
func (m *machine) judge(what happening, c *conn) {
	lived := !c.opened.IsZero() && time.Since(c.live) >= shortWatch
	switch {
	case survived(what) && lived, what == gotEnd && c.frames > 0:
		m.sound()
	case c.frames > 0:
		m.health.empty = 0
	case survived(what) && !c.opened.IsZero():
		m.health.empty++
	}
}
