package runtime

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/binding"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/live"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/plan"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// joinTimeout bounds that list, during which the carrier is not read.
const joinTimeout = 30 * time.Second

// errPage is an answer to a page that is not a page.
var errPage = errors.New("the server refused the list")

// errNoneKept is a list without any of the objects that are known.
var errNoneKept = errors.New("the list shows none of the known objects, which its own stream verifies first")

// rider is a route that a carrier serves, or a stream of its own while the carrier cannot. It is used
// on the carrier's goroutine; its own stream is stopped before what that knew is looked at.
type rider struct {
	carrier   *carrier
	route     plan.Route
	bindings  map[*capability.Compiled]*binding.Binding
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
	f := newFeed([]plan.Route{r.route}, r.bindings)
	r.startOwn(ctx, f, r.handOver(f))
	r.onCarrier.detach()
	r.carrier.all.log.Info("a binding's wider stream is refused: it runs a narrower one of its own",
		"stream", r.own.stream.name, "wider", r.carrier.stream.name)
}

func (r *rider) startOwn(ctx context.Context, f *feed, seed *watcher.Index) {
	all := r.carrier.all
	own := &ownStream{feed: f, stream: all.newStream(r.route.Target, f, f.options(seed))}
	f.routes[0].serve(own.stream)
	ctx, own.cancel = context.WithCancel(ctx)
	own.done = all.start(ctx, own.stream)
	r.own = own
}

// handOver moves what the rider's bindings know from the carrier's entries to entries of their own.
func (r *rider) handOver(f *feed) *watcher.Index {
	seed, own := watcher.NewIndex(f.words), f.routes[0]
	seed.InheritDeleted(r.carrier.stream.Index())
	for e := range r.carrier.stream.Index().All() {
		if !r.onCarrier.knows(e.Words()) {
			continue
		}
		at := seed.Put(e.Namespace(), e.Name(), e.UID(), r.onCarrier.replay.told(e))
		r.onCarrier.move(e.Words(), own, at.Words())
		r.onCarrier.forget(e.Words())
	}
	r.onCarrier.replay.handOver(own, seed)
	for i, s := range r.onCarrier.subs {
		own.subs[i].Resume(s)
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
	index := own.stream.Index()
	rv, err := r.tellDifference(ctx, own.feed, index)
	if err != nil {
		r.carrier.all.log.Info("a binding stays on its own stream", "stream", own.stream.name, "reason", err.Error())
		r.startOwn(ctx, own.feed, index)
		return
	}
	r.own = nil
	r.onCarrier.serve(r.carrier.stream)
	r.onCarrier.attach(newReplay(rv, own.feed.routes[0], index, r.carrier.stream.Target().Ambiguous()))
	for i, s := range own.feed.routes[0].subs {
		r.onCarrier.subs[i].Resume(s)
	}
	r.onCarrier.begin()
	r.onCarrier.replay.adopt(r.onCarrier, r.carrier.stream.Index())
}

// tellDifference lists the rider's objects and delivers to its bindings what their own stream had not delivered. Then
// the index has just those objects. After an error it has what was delivered. A list that shows none of the known objects
// is not believed: the rider's own stream has the means to verify it.
func (r *rider) tellDifference(ctx context.Context, f *feed, index *watcher.Index) (rv string, err error) {
	index.Begin()
	before, kept := index.Len(), 0
	rv, err = r.list(ctx, func(frame *watcher.Frame) {
		if showListed(f, index, frame) {
			kept++
		}
	})
	switch {
	case err != nil:
		return "", err
	case before > 0 && kept == 0:
		return "", errNoneKept
	}
	index.Sweep(func(e watcher.Entry) {
		f.Handle(watcher.Missing(e, r.route.Target.Ambiguous()))
	})
	return rv, nil
}

// showListed delivers what is new about one object of a list. It returns whether the object was known.
func showListed(f *feed, index *watcher.Index, frame *watcher.Frame) (known bool) {
	m := &frame.Meta
	e, known := index.Get(m.Namespace, m.Name)
	if known && !e.HasUID(m.UID) { // another object has the name now
		f.Handle(watcher.Replaced(e, true))
		known = false
	}
	same := known && e.HasRV(m.ResourceVersion)
	e = index.Put(m.Namespace, m.Name, m.UID, m.ResourceVersion)
	e.SetSeen()
	if !same {
		f.Handle(watcher.Delta{Kind: watcher.Upsert, Frame: frame, Entry: e, New: !known, Relist: true, Initial: !known})
	}
	return known
}

// list reads the rider's target once, consistently, and shows each object as it is read.
func (r *rider) list(ctx context.Context, show func(*watcher.Frame)) (rv string, err error) {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	p := watcher.ListParams{Limit: live.PageLimit}
	for {
		meta, err := r.page(ctx, p, show)
		if err != nil {
			return "", err
		}
		if rv == "" {
			rv = meta.ResourceVersion
		}
		if p.Continue = meta.Continue; p.Continue == "" {
			return rv, nil
		}
	}
}

func (r *rider) page(ctx context.Context, p watcher.ListParams, show func(*watcher.Frame)) (watcher.ListMeta, error) {
	o := watcher.ReaderOptions{CutManagedFields: !r.onCarrier.wantsManagedFields()}
	meta, err := live.Page(ctx, r.carrier.all.server, r.route.Target, p, o, show)
	if status, ok := errors.AsType[*apierrors.StatusError](err); ok {
		return meta, fmt.Errorf("%w: %s", errPage, status.ErrStatus.Message)
	}
	return meta, err
}
