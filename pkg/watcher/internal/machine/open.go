package machine

import (
	"context"
	"net/http"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// got is what waiting for the next item came to.
type got uint8

const (
	gotItem got = iota
	gotNothing
	gotStopped
)

// receive returns the next item of a request, or gotNothing when due has passed without one. Commands are run
// between two items and while there is none. due may depend on what happens meanwhile, and is asked again. The
// item's frame is good until the next call.
func (m *machine) receive(ctx context.Context, c *conn, due func() time.Time) (item, got) {
	c.used()
	for {
		if ctx.Err() != nil {
			return item{}, gotStopped
		}
		if m.cmds.pending() {
			m.runCommands()
		}
		if c.inHand() > 0 {
			if m.held(ctx) {
				continue
			}
			c.at++
			return c.batch[c.at-1], gotItem
		}
		m.publish()
		c.batch, c.came = c.box.take(c.batch)
		c.at = 0
		if len(c.batch) > 0 {
			continue
		}
		left := time.Until(due())
		if left <= 0 {
			return item{}, gotNothing
		}
		m.timer.Reset(left)
		commands := false
		m.lend(c)
		select {
		case <-c.box.ready:
		case <-m.timer.C:
		case <-m.cmds.ready:
			commands = true
		case <-ctx.Done():
		}
		m.reclaim(c)
		if commands {
			m.cmds.run()
		}
	}
}

// held waits while there is no room for what comes next, until something happens, and says whether it did. What
// has arrived waits, so no deadline of the request passes.
func (m *machine) held(ctx context.Context) bool {
	room, latest := m.o.Hold()
	if room == nil {
		return false
	}
	m.publish()
	m.timer.Reset(max(time.Until(latest), 0))
	select {
	case <-room:
	case <-m.timer.C:
	case <-m.cmds.ready:
		m.cmds.run()
	case <-ctx.Done():
	}
	return true
}

// runCommands takes the token and runs what waits.
func (m *machine) runCommands() {
	select {
	case <-m.cmds.ready:
	default:
	}
	m.cmds.run()
}

// sleep waits, for ever if d is negative, and meanwhile runs commands and logs that the stream is blocked still.
func (m *machine) sleep(ctx context.Context, d time.Duration) {
	if d == 0 {
		return
	}
	until := time.Now().Add(d)
	for ctx.Err() == nil {
		left := time.Until(until)
		if d < 0 {
			left = remindEvery
		}
		if left <= 0 {
			return
		}
		m.timer.Reset(min(left, max(m.remindIn(), 0)))
		select {
		case <-m.timer.C:
			m.remind()
		case <-m.cmds.ready:
			m.cmds.run()
		case <-ctx.Done():
		}
	}
}

// ended turns the end of a request into what classify looks at.
func (m *machine) ended(ask request, c *conn, end *ending) input {
	in := input{
		what: end.what, ask: ask, after: end.after,
		lived: c.lived(), frames: c.frames, quiet: time.Since(m.heard), early: c.lived() < c.timeout/2,
		corrupt: isCorrupt(end.err), noMedia: isForeign(end.err),
		custom: isCustom(m.target.Resource), selects: m.target.Fields != "" || m.target.Labels != "",
		suspect: end.opened && m.server.MediaDoubted(m.target.Resource, end.media),
	}
	if end.status != nil {
		in.explain(end.status)
	}
	if ask == askWatch {
		if c.events > 0 && !lostAtOnce(in, c) || survived(end.what) && c.lived() >= shortWatch {
			m.progress()
		}
		m.judge(end.what, c)
	}
	return in
}

// lostAtOnce says whether the server had lost its history soon after the watch began. If that comes again and again, each
// snapshot costs more than the few events in between are worth.
func lostAtOnce(in input, c *conn) bool {
	expired := in.code == http.StatusGone || in.status == metav1.StatusReasonExpired || in.status == metav1.StatusReasonGone
	return expired && in.what == gotError && time.Since(c.live) < shortWatch
}

// isCustom says whether a resource may come from a CustomResourceDefinition: those of groups with a dot in their names
// can, unless their types are built into Kubernetes.
func isCustom(r kind.Resource) bool {
	return strings.Contains(r.Group, ".") && (!r.Protobuf || r.Metadata)
}

// survived says whether having lived for a while is an achievement: an error that the server tells, or that its
// bytes are, comes back at the same place, however long that takes.
func survived(what happening) bool {
	return what == gotEnd || what == gotCut || what == gotDeadline
}

// answered notes that the server took the request: refusals of it are over. That the history was lost is not
// one, since the loss shows again only on the next watch.
func (m *machine) answered(ask request) {
	refusal := m.last.what == gotStatus || m.last.what == gotNoAnswer || m.last.what == gotStall
	if refusal && m.last.ask == ask && m.last.code != http.StatusGone {
		m.last, m.again = signature{}, 0
	}
}

// timeout is what the server is asked to end a watch after, in whole seconds.
func (m *machine) timeout() time.Duration {
	span := float64(m.o.WatchMax - m.o.WatchMin)
	return (m.o.WatchMin + time.Duration(m.o.Rand()*span)).Round(time.Second)
}
