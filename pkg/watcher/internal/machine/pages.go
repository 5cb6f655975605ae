package machine

import (
	"context"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/index"
)

// pages is how far a list in pages has come.
type pages struct {
	token string // of the next page; empty for the first
	done  int    // pages that are complete
	whole bool   // without pages: they expired, or led in circles
}

func (p *pages) next(token string) { p.token, p.done = token, p.done+1 }

const (
	// calmPages is how many pages are requested without a pause: those of a large resource.
	calmPages = 400
	// pageStep is by how much the pause grows with each page beyond these, and pageMax where it stops growing.
	pageStep = time.Millisecond
	pageMax  = time.Second
)

// pausePages slows down a list that does not end (rule 65), and says so when its length doubles. There is no bound on
// the number of pages (rule 14).
func (m *machine) pausePages(ctx context.Context) {
	beyond := m.pages.done - calmPages
	if beyond < 0 {
		return
	}
	if n := m.pages.done / calmPages; m.pages.done%calmPages == 0 && n&(n-1) == 0 {
		m.o.Logger.Info("the list has many pages: the stream pauses before each further one", "target", m.target.String(),
			"pages", m.pages.done, "objects", m.index.Len())
	}
	m.sleep(ctx, min(time.Duration(beyond+1)*pageStep, pageMax))
}

// readPage reads one page of the snapshot, each item as it comes.
func (m *machine) readPage(ctx context.Context) (input, *ending) {
	p := apiclient.ListParams{Limit: m.o.PageLimit, Continue: m.pages.token}
	if m.pages.whole {
		p.Limit = 0
	}
	end, in := m.list(ctx, askList, p, func(c *conn, it item) { m.take(askList, c, it) })
	if end != nil && end.what == gotPage {
		m.heardFrom(askList)
		in.more = end.list.Continue != ""
		in.sameToken = end.list.Continue == p.Continue
		in.hasRV = end.list.ResourceVersion != ""
		if !in.more {
			if in, end, holds := m.believe(ctx, askList, end.list.ResourceVersion); !holds {
				return in, end
			}
		}
	}
	return in, end
}

// readHead asks for one item, to see the list's resourceVersion (rule 25).
func (m *machine) readHead(ctx context.Context) (input, *ending) {
	end, in := m.list(ctx, askHead, apiclient.ListParams{Limit: 1}, func(*conn, item) {})
	if end != nil && end.what == gotPage {
		m.heard = time.Now()
		m.heardFrom(askHead)
		in.what, in.rv = gotHead, index.Compare(end.list.ResourceVersion, m.rv)
	}
	return in, end
}

// list makes a list request, and hands out its items.
func (m *machine) list(ctx context.Context, ask request, p apiclient.ListParams, each func(*conn, item)) (*ending, input) {
	c := m.send(ctx, true, func(ctx context.Context) (*apiclient.Response, error) { return m.server.List(ctx, m.target, p) })
	defer c.close()
	wait := m.o.FirstAnswer
	c.last = c.begun
	due := func() time.Time { return c.last.Add(wait) }
	for {
		it, got := m.receive(ctx, c, due)
		switch {
		case got == gotStopped:
			return nil, input{}
		case got == gotNothing:
			end := &ending{what: gotStall}
			return end, m.ended(ask, c, end)
		case it.end != nil:
			return it.end, m.ended(ask, c, it.end)
		case it.open:
			c.opened, c.ask, c.lends = c.came, ask, ask == askList
			m.answered(ask)
			if ask == askList {
				m.showSnapshot()
			}
		default:
			each(c, it)
		}
		if c.inHand() == 0 { // else the next is not waited for
			c.last, wait = time.Now(), m.o.Progress
		}
	}
}
