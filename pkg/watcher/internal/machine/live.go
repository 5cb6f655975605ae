package machine

import (
	"context"
	"strings"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// watch opens a watch where the last one stopped.
func (m *machine) watch(ctx context.Context) (input, *ending) {
	timeout, rv := m.timeout(), m.rv
	m.index.Resumed(time.Now())
	c := m.send(ctx, false, func(ctx context.Context) (*apiclient.Response, error) {
		return m.server.Watch(ctx, m.target, apiclient.WatchParams{RV: rv, Timeout: timeout})
	})
	defer c.close()
	c.timeout = timeout
	return m.follow(ctx, c, c.begun.Add(timeout+m.o.WatchGrace))
}

// follow takes events from an open watch, or one that is being opened, until it ends. There is no deadline for
// its first answer, which may wait for the first event (rule 33), and none for silence (29, 36).
func (m *machine) follow(ctx context.Context, c *conn, hard time.Time) (input, *ending) {
	due := func() time.Time {
		if m.wanted != "" {
			return time.Time{}
		}
		return earlier(m.verdict(c), hard)
	}
	for {
		if m.wanted != "" {
			end := &ending{what: gotWanted}
			in := m.ended(askWatch, c, end)
			in.wanted = m.wanted
			return in, end
		}
		it, got := m.receive(ctx, c, due)
		switch {
		case got == gotStopped:
			return input{}, nil
		case m.wanted != "" && got == gotNothing:
		case got == gotNothing && time.Now().Before(hard):
			m.lasted(c)
		case got == gotNothing:
			end := &ending{what: gotDeadline}
			return m.ended(askWatch, c, end), end
		case it.end != nil:
			return m.ended(askWatch, c, it.end), it.end
		case it.open:
			c.opened, c.live, c.ask, c.lends = c.came, c.came, askWatch, true
			if c.came.Sub(c.begun) >= m.o.FirstAnswer { // it was open, and something on the way held its headers back (33)
				c.opened, c.live = c.begun, c.begun
			}
			m.answered(askWatch)
			m.show(report.Streaming, "")
		default:
			m.take(askWatch, c, it)
		}
	}
}

// passed says whether the stream has been told of everything up to rv, as far as that can be said (rule 26).
func (m *machine) passed(rv string) bool {
	cmp, ok := wire.CompareRV(rv, m.rv)
	return ok && cmp <= 0
}

// move notes where to resume. It never goes back (rule 26: where that can be said).
func (m *machine) move(rv string) {
	if cmp, ok := wire.CompareRV(rv, m.rv); rv == "" || ok && cmp <= 0 {
		return
	}
	m.rv = strings.Clone(rv) // it is the frame's
}
