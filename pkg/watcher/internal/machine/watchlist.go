package machine

import (
	"context"
	"strings"
	"time"

	"github.com/ancho-dev/ancho/internal/plaintext"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/index"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// largeSnapshot is how many objects make it worth to ask for the changes by a request of their own, if they would come
// compressed in the answer that brought the snapshot: compressing each costs the server and the client more than
// that.
const largeSnapshot = 500

// readSnapshot opens a watch that begins with all objects (KEP-3157), and follows it when they are complete, unless
// another is better for that.
func (m *machine) readSnapshot(ctx context.Context) (input, *ending) {
	timeout := m.timeout()
	c := m.send(ctx, false, func(ctx context.Context) (*apiclient.Response, error) {
		return m.server.Watch(ctx, m.target, apiclient.WatchParams{Initial: true, Timeout: timeout})
	})
	defer c.close()
	c.timeout = timeout
	hard := c.begun.Add(timeout + m.o.WatchGrace)
	wait := m.o.FirstAnswer
	c.last = c.begun
	due := func() time.Time { return earlier(c.last.Add(wait), hard) }
	for {
		it, got := m.receive(ctx, c, due)
		switch {
		case got == gotStopped:
			return input{}, nil
		case got == gotNothing && time.Now().Before(hard):
			end := &ending{what: gotStall}
			return m.ended(askSnapshot, c, end), end
		case got == gotNothing:
			end := &ending{what: gotDeadline}
			return m.ended(askSnapshot, c, end), end
		case it.end != nil:
			return m.ended(askSnapshot, c, it.end), it.end
		case it.open:
			c.opened, c.packed, c.ask, c.lends = c.came, it.packed, askSnapshot, true
			m.answered(askSnapshot)
			m.showSnapshot()
		default:
			if a := m.take(askSnapshot, c, it); a.do == doFinish {
				rv := strings.Clone(it.frame.Meta.ResourceVersion)
				if in, end, holds := m.believe(ctx, askSnapshot, rv); !holds {
					return in, end
				}
				if c.packed && c.frames >= largeSnapshot {
					return input{what: gotSnapshot, ask: askSnapshot}, &ending{list: wire.ListMeta{ResourceVersion: rv}}
				}
				m.finish(rv)
				c.frames, c.events, c.ask, c.live = 0, 0, askWatch, time.Now()
				m.show(report.Streaming, "")
				return m.follow(ctx, c, hard)
			} else if a.do == doFallback {
				return input{what: gotFrame, ask: askSnapshot, event: wire.Bookmark, endMark: true}, &ending{}
			}
		}
		if c.inHand() == 0 { // else the next is not waited for
			c.last, wait = time.Now(), m.o.Progress
		}
	}
}

// take looks at one frame, outside its request's beginning and end.
func (m *machine) take(ask request, c *conn, it item) action {
	if it.bad != nil {
		a := classify(input{what: gotBadFrame, ask: ask})
		m.skip(ask, a.reason, &it.bad.Meta)
		m.reportBad(it.bad)
		return a
	}
	f := it.frame
	m.o.Observer.Frame(f.Type, c.came)
	m.heard = c.came
	if f.Type == wire.Error { // told once more, with its Status, as the end
		return action{do: doSkip}
	}
	a := classify(input{
		what: gotFrame, ask: ask, event: f.Type, named: index.Fits(&f.Meta), hasRV: f.Meta.ResourceVersion != "",
		endMark: f.Type == wire.Bookmark && wire.InitialEventsEnd(&f.Meta),
	})
	if a.do != doSkip || a.reason == "" {
		c.frames++
		if m.state.Phase == report.Blocked {
			m.heardFrom(ask)
		}
	}
	switch a.do {
	case doDeliver:
		if m.deliver(ask, f) {
			c.events++
		}
	case doMoveRV:
		m.move(f.Meta.ResourceVersion)
	case doSkip:
		if a.reason != "" {
			m.skip(ask, a.reason, &f.Meta)
		}
	}
	return a
}

// skip counts a frame that cannot be used. In a snapshot its object is there, all the same: it is not gone, and
// if it is not known which one it is, none can be said to be. An event of an unknown type shows no object.
func (m *machine) skip(ask request, why report.Reason, meta *wire.Meta) {
	m.o.Observer.Skipped(why)
	if ask != askSnapshot && ask != askList || why == report.ReasonUnknownType {
		return
	}
	m.proof.shown++
	if meta.Name == "" {
		m.incomplete = true
	} else if e, ok := m.index.Get(meta.Namespace, meta.Name); ok {
		m.proof.kept++
		e.SetSeen()
	}
}

// reportBad logs what does not decode, once for each object: it may change often.
func (m *machine) reportBad(bad *wire.BadFrameError) {
	if !m.reported.First(bad.Meta.Namespace + "/" + bad.Meta.Name) {
		return
	}
	m.o.Logger.Error(bad, "skipped what is not an object of the API", "target", m.target.String(),
		"namespace", plaintext.Bound(bad.Meta.Namespace), "name", plaintext.Bound(bad.Meta.Name))
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
