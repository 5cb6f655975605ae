package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/binding"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/live"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/plan"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// joinTimeout bounds that list, during which the shared stream is not read.
const joinTimeout = 30 * time.Second

// errPage is an answer to a page that is not a page.
var errPage = errors.New("the server refused the list")

// errNoneKept is a list without any of the objects that are known.
var errNoneKept = errors.New("the list shows none of the known objects, which its own stream verifies first")

// narrowRoute is a route that a shared stream serves, or a stream of its own while that cannot. It is used
// on the shared stream's goroutine; its own stream is stopped before what that knew is looked at.
type narrowRoute struct {
	shared   *sharedStream
	route    plan.Route
	bindings map[*compile.Compiled]*binding.Binding
	onShared *Attachment
	own      *ownStream // nil: riding
}

// ownStream is the stream that a narrow route runs by itself.
type ownStream struct {
	stream     *Stream
	dispatcher *Dispatcher
	cancel     context.CancelFunc
	done       <-chan struct{}
}

// leave opens a stream for the narrow route alone, which begins with what the shared stream has told it.
func (r *narrowRoute) leave(ctx context.Context) {
	if r.own != nil || ctx.Err() != nil {
		return
	}
	f := NewDispatcher([]plan.Route{r.route}, r.bindings)
	r.startOwn(ctx, f, r.handOver(f))
	r.onShared.detach()
	r.shared.all.log.Info("a binding's wider stream is refused: it runs a narrower one of its own",
		"stream", r.own.stream.name, "wider", r.shared.stream.name)
}

func (r *narrowRoute) startOwn(ctx context.Context, f *Dispatcher, seed *watcher.Index) {
	all := r.shared.all
	own := &ownStream{dispatcher: f, stream: all.NewStream(r.route.Target, f, f.Options(seed))}
	f.Routes[0].serve(own.stream)
	ctx, own.cancel = context.WithCancel(ctx)
	own.done = all.Start(ctx, own.stream)
	r.own = own
}

// handOver moves what the narrow route's bindings know from the shared stream's entries to entries of their own.
func (r *narrowRoute) handOver(f *Dispatcher) *watcher.Index {
	seed, own := watcher.NewIndex(f.Words), f.Routes[0]
	seed.InheritDeleted(r.shared.stream.Index())
	for e := range r.shared.stream.Index().All() {
		if !r.onShared.knows(e.Words()) {
			continue
		}
		at := seed.Put(e.Namespace(), e.Name(), e.UID(), r.onShared.Replay.last(e))
		r.onShared.move(e.Words(), own, at.Words())
		r.onShared.forget(e.Words())
	}
	r.onShared.Replay.handOver(own, seed)
	for i, s := range r.onShared.Subs {
		own.Subs[i].Resume(s)
	}
	return seed
}

// rejoin ends the narrow route's own stream, reads the narrow route's objects once more, tells what changed since,
// and lets the shared stream serve them from there on. The others on the shared stream are not listed again
// (rule 55 of the list/watch protocol). The shared stream is not read meanwhile, which the server bears.
func (r *narrowRoute) rejoin(ctx context.Context) {
	if r.own == nil || ctx.Err() != nil {
		return
	}
	own := r.own
	own.cancel()
	<-own.done
	index := own.stream.Index()
	rv, err := r.tellDifference(ctx, own.dispatcher, index)
	if err != nil {
		r.shared.all.log.Info("a binding stays on its own stream", "stream", own.stream.name, "reason", err.Error())
		r.startOwn(ctx, own.dispatcher, index)
		return
	}
	r.own = nil
	r.onShared.serve(r.shared.stream)
	r.onShared.Attach(NewReplay(rv, own.dispatcher.Routes[0], index, r.shared.stream.Target().Ambiguous()))
	for i, s := range own.dispatcher.Routes[0].Subs {
		r.onShared.Subs[i].Resume(s)
	}
	r.onShared.begin()
	r.onShared.Replay.adopt(r.onShared, r.shared.stream.Index())
}

// tellDifference lists the narrow route's objects and delivers to its bindings what their own stream had not delivered. Then
// the index has just those objects. After an error it has what was delivered. A list that shows none of the known objects
// is not believed: the narrow route's own stream has the means to verify it.
func (r *narrowRoute) tellDifference(ctx context.Context, f *Dispatcher, index *watcher.Index) (rv string, err error) {
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
func showListed(f *Dispatcher, index *watcher.Index, frame *watcher.Frame) (known bool) {
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

// list reads the narrow route's target once, consistently, and shows each object as it is read.
func (r *narrowRoute) list(ctx context.Context, show func(*watcher.Frame)) (rv string, err error) {
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

func (r *narrowRoute) page(ctx context.Context, p watcher.ListParams, show func(*watcher.Frame)) (watcher.ListMeta, error) {
	o := watcher.ReaderOptions{CutManagedFields: !r.onShared.WantsManagedFields()}
	meta, err := live.Page(ctx, r.shared.all.server, r.route.Target, p, o, show)
	if status, ok := errors.AsType[*apierrors.StatusError](err); ok {
		return meta, fmt.Errorf("%w: %s", errPage, status.ErrStatus.Message)
	}
	return meta, err
}
