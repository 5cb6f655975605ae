package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// joinPageLimit is the number of objects asked for in one page when a rider comes back.
const joinPageLimit = 500

// joinTimeout bounds that list, during which the carrier is not read.
const joinTimeout = 30 * time.Second

// errPage is an answer to a page that is not a page.
var errPage = errors.New("the server refused the list")

// rider is a route that a carrier serves, or a stream of its own while the carrier cannot. It is used
// on the carrier's goroutine; its own stream is stopped before what that knew is looked at.
type rider struct {
	carrier   *carrier
	route     route
	bindings  map[*capability.Compiled]*binding
	onCarrier *liveRoute
	own       *ownStream // nil: riding
}

// ownStream is what a rider runs by itself.
type ownStream struct {
	stream *liveStream
	feed   *feed
	cancel context.CancelFunc
	done   <-chan struct{}
}

// leave opens a stream for the rider alone, which begins with what the carrier has told it.
func (r *rider) leave(ctx context.Context) {
	if r.own != nil || ctx.Err() != nil {
		return
	}
	f := newFeed([]route{r.route}, r.bindings)
	r.startOwn(ctx, f, r.handOver(f))
	r.onCarrier.attached, r.onCarrier.replay = false, nil
	r.carrier.all.log.Info("a binding's wider stream is refused: it runs a narrower one of its own",
		"stream", r.own.stream.name, "wider", r.carrier.stream.name)
}

func (r *rider) startOwn(ctx context.Context, f *feed, seed []watcher.Entry) {
	all := r.carrier.all
	own := &ownStream{feed: f, stream: all.newStream(r.route.target, f, seed)}
	ctx, own.cancel = context.WithCancel(ctx)
	own.done = all.start(ctx, own.stream)
	r.own = own
}

// handOver moves what the rider's bindings know from the carrier's entries to entries of their own.
func (r *rider) handOver(f *feed) []watcher.Entry {
	var seed []watcher.Entry
	own := f.routes[0]
	for e := range r.carrier.stream.Index().All() {
		if e.Words == nil || !r.onCarrier.knows(e.Words) {
			continue
		}
		words := make([]uint64, f.words)
		r.onCarrier.move(e.Words, own, words)
		r.onCarrier.forget(e.Words)
		seed = append(seed, watcher.NewEntry(e.Namespace(), e.Name(), e.UID(), r.onCarrier.replay.told(e), words))
	}
	seed = append(seed, r.onCarrier.replay.handOver(own)...)
	for i, s := range r.onCarrier.subs {
		own.subs[i].begun = s.begun
	}
	return seed
}

// rejoin ends the rider's own stream, reads the rider's objects once more, tells what changed since,
// and lets the carrier serve them from there on. The others on the carrier are not listed again
// (rule 55 of the list/watch protocol). The carrier is not read meanwhile, which the server bears.
func (r *rider) rejoin(ctx context.Context) {
	if r.own == nil || ctx.Err() != nil {
		return
	}
	own := r.own
	own.cancel()
	<-own.done
	items, rv, err := r.list(ctx)
	if err != nil {
		r.carrier.all.log.Info("a binding stays on its own stream", "stream", own.stream.name, "reason", err.Error())
		r.startOwn(ctx, own.feed, entriesOf(own.stream.Index()))
		return
	}
	known := tellDifference(own, items, r.route.target.Ambiguous())
	r.own = nil
	r.onCarrier.attached = true
	r.onCarrier.replay = newReplay(rv, own.feed.routes[0])
	for i, s := range own.feed.routes[0].subs {
		r.onCarrier.subs[i].begun = s.begun
	}
	r.onCarrier.begin()
	for _, e := range known {
		r.onCarrier.replay.adopt(r.onCarrier, r.carrier.stream.Index(), r.carrier.feed.words, e)
	}
}

func entriesOf(x *watcher.Index) []watcher.Entry {
	out := make([]watcher.Entry, 0, x.Len())
	for e := range x.All() {
		out = append(out, *e)
	}
	return out
}

// tellDifference tells the rider's bindings what a list shows that their own stream had not told, and
// returns all objects of the list.
func tellDifference(own *ownStream, items []*watcher.Frame, ambiguous bool) []*watcher.Entry {
	index, known, seen := own.stream.Index(), []*watcher.Entry(nil), map[*watcher.Entry]bool{}
	for _, f := range items {
		m := &f.Meta
		e, ok := index.Get(m.Namespace, m.Name)
		if ok && e.UID() == m.UID {
			seen[e] = true
			now := watcher.NewEntry(m.Namespace, m.Name, m.UID, m.ResourceVersion, e.Words)
			if e.RV() != m.ResourceVersion {
				own.feed.Handle(watcher.Delta{Kind: watcher.Upsert, Frame: f, Entry: &now, Relist: true})
			}
			known = append(known, &now)
			continue
		}
		if ok { // another object has taken the name
			seen[e] = true
			own.feed.Handle(watcher.Delta{Kind: watcher.Gone, Entry: e, Relist: true})
		}
		fresh := watcher.NewEntry(m.Namespace, m.Name, m.UID, m.ResourceVersion, nil)
		own.feed.Handle(watcher.Delta{Kind: watcher.Upsert, Frame: f, Entry: &fresh, New: true, Relist: true, Initial: true})
		known = append(known, &fresh)
	}
	for e := range index.All() {
		if !seen[e] {
			own.feed.Handle(watcher.Delta{Kind: watcher.Gone, Entry: e, Relist: true, Ambiguous: ambiguous})
		}
	}
	return known
}

// list reads the rider's target once, consistently.
func (r *rider) list(ctx context.Context) (items []*watcher.Frame, rv string, err error) {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	p := watcher.ListParams{Limit: joinPageLimit}
	for {
		page, meta, err := r.page(ctx, p)
		if err != nil {
			return nil, "", err
		}
		items = append(items, page...)
		if rv == "" {
			rv = meta.ResourceVersion
		}
		if p.Continue = meta.Continue; p.Continue == "" {
			return items, rv, nil
		}
	}
}

func (r *rider) page(ctx context.Context, p watcher.ListParams) (items []*watcher.Frame, meta watcher.ListMeta, err error) {
	resp, err := r.carrier.all.server.List(ctx, r.route.target, p)
	if err != nil {
		return nil, meta, err
	}
	defer func() { err = errors.Join(err, resp.Close()) }()
	if !resp.OK() {
		return nil, meta, fmt.Errorf("%w: %s", errPage, resp.Status().Message)
	}
	reader, err := resp.Items(watcher.ReaderOptions{})
	if err != nil {
		return nil, meta, err
	}
	for {
		f, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return items, reader.Meta(), nil
		}
		if err != nil {
			return nil, meta, err
		}
		items = append(items, f)
	}
}
