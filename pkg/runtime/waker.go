package runtime

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/table"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// waker is the engine of a trigger: an event of a source wakes objects of a binding. It remembers by name what each
// source object stands for, or for Uses, what each object of the binding names. What is there when the source is first
// listed wakes nobody: the binding's calls begin when that list is complete.
type waker struct {
	of   *binding // whose objects are woken
	from *binding // the source
	t    *capability.CompiledTrigger

	mu      sync.Mutex
	stands  table.Map[queue.Key, []queue.Key]            // source -> objects, of Owns and Mapped
	names   table.Map[queue.Key, []queue.Key]            // object -> sources, of Uses
	named   table.Map[queue.Key, map[queue.Key]struct{}] // source -> objects, of Uses
	waiting map[watcher.Target]bool                      // whose first list is not complete
	ready   func()                                       // called once none is left
	warned  bool
}

func newWaker(of, from *binding, t *capability.CompiledTrigger, targets []watcher.Target, ready func()) *waker {
	w := &waker{
		of: of, from: from, t: t, ready: ready, waiting: map[watcher.Target]bool{},
	}
	for _, target := range targets {
		w.waiting[target] = true
	}
	return w
}

// Add takes an event of the source.
func (w *waker) Add(e queue.Event[*work]) {
	defer e.Payload.release()
	var wake []queue.Key
	if w.t.Names != nil {
		wake = w.remap(&e)
	} else {
		wake = w.users(e.Key)
	}
	if !e.Passed || e.Initial {
		return
	}
	for _, k := range wake {
		w.of.wake(k, queue.Cause{Type: e.Type, Via: w.t.Via, Kind: w.from.Resource.Kind, Name: e.Key.String()})
	}
}

// remap remembers what the source object stands for now, and returns that with what it stood for.
func (w *waker) remap(e *queue.Event[*work]) []queue.Key {
	var now []queue.Key
	if e.Type != queue.Deleted && e.Type != queue.Left {
		found, err := w.t.Names(e.Payload.frame)
		if err != nil {
			w.from.poisoned(&e.Payload.frame.Meta, err)
			return w.last(e.Key) // which may have changed
		}
		now = keys(found)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.stands.M[e.Key]
	if len(now) == 0 {
		w.stands.Delete(e.Key)
	} else {
		w.stands.Set(e.Key, now)
	}
	return union(before, now)
}

func (w *waker) last(k queue.Key) []queue.Key {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stands.M[k]
}

// users are the objects that name a source, sorted: what is random here would be so in every test of a user's, too.
func (w *waker) users(k queue.Key) []queue.Key {
	w.mu.Lock()
	defer w.mu.Unlock()
	return sorted(slices.Collect(maps.Keys(w.named.M[k])))
}

// upsert is told of each new state of an object of the binding, which is in its set or has left it.
func (w *waker) upsert(f *watcher.Frame, in bool) {
	switch {
	case w.t.Used == nil:
	case in:
		w.use(&f.Meta, f)
	default:
		w.set(queue.Key{Namespace: f.Meta.Namespace, Name: f.Meta.Name}, nil)
	}
}

// use remembers what an object of the binding names.
func (w *waker) use(m *watcher.Meta, f *watcher.Frame) {
	found, err := w.t.Used(f)
	if err != nil {
		w.of.poisoned(m, err)
		return
	}
	names := keys(found)
	w.outside(m, names)
	w.set(strippedKey(queue.Key{Namespace: m.Namespace, Name: m.Name}), names)
}

// set replaces what an object names; nothing forgets it.
func (w *waker) set(user queue.Key, names []queue.Key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, k := range w.names.M[user] {
		delete(w.named.M[k], user)
		if len(w.named.M[k]) == 0 {
			w.named.Delete(k)
		}
	}
	if len(names) == 0 {
		w.names.Delete(user)
		return
	}
	w.names.Set(user, names)
	for _, k := range names {
		if w.named.M[k] == nil {
			w.named.Set(k, map[queue.Key]struct{}{})
		}
		w.named.M[k][user] = struct{}{}
	}
}

// outside reports, once, a name that is not watched.
func (w *waker) outside(m *watcher.Meta, names []queue.Key) {
	i := slices.IndexFunc(names, func(k queue.Key) bool {
		return !w.from.Within(&watcher.Meta{Namespace: k.Namespace, Name: k.Name})
	})
	if i < 0 {
		return
	}
	w.mu.Lock()
	warned := w.warned
	w.warned = true
	w.mu.Unlock()
	if !warned {
		w.of.log.Info("an object names another one that is not watched, whose changes will not wake it: give Uses a selection with its namespace",
			"object", strings.Clone(m.Key()), "uses", w.from.Resource.Kind, "name", names[i].String())
	}
}

// begun is told that the first list of a target is complete.
func (w *waker) begun(t watcher.Target) {
	w.mu.Lock()
	was := len(w.waiting)
	delete(w.waiting, t)
	done := was > 0 && len(w.waiting) == 0
	w.mu.Unlock()
	if done {
		w.ready()
	}
}

// Knows has it told also of what does not wake: names may have changed.
func (w *waker) Knows(queue.Key, string) bool { return true }

// Waits, Run, Shutdown, Stats, Running, Room and Roomy are those of an engine that never has work waiting.
func (w *waker) Waits(queue.Key, string) bool { return false }
func (w *waker) Run(ctx context.Context)      { <-ctx.Done() }
func (w *waker) Shutdown()                    {}
func (w *waker) Stats() queue.Stats           { return queue.Stats{} }
func (w *waker) Running() []queue.RunningInfo { return nil }
func (w *waker) Room() <-chan struct{}        { return nil }
func (w *waker) Roomy() time.Time             { return time.Time{} }

// keys are names in memory of their own, sorted, each once.
func keys(names []types.NamespacedName) []queue.Key {
	out := make([]queue.Key, 0, len(names))
	for _, n := range names {
		if n.Name != "" {
			out = append(out, strippedKey(queue.Key{Namespace: n.Namespace, Name: n.Name}))
		}
	}
	return sorted(out)
}

func union(a, b []queue.Key) []queue.Key {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	return sorted(slices.Concat(a, b))
}

func sorted(k []queue.Key) []queue.Key {
	slices.SortFunc(k, func(a, b queue.Key) int {
		if c := strings.Compare(a.Namespace, b.Namespace); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return slices.Compact(k)
}

// wake asks for a call for an object, which is read live then.
func (b *binding) wake(k queue.Key, why queue.Cause) {
	if !b.Within(&watcher.Meta{Namespace: k.Namespace, Name: k.Name}) {
		return // of another binding, or of none
	}
	b.engine.Add(queue.Event[*work]{Key: k, Type: queue.Unchanged, Bare: true, Passed: true, Cause: why})
}

// gate holds a binding's calls back until the sources of its triggers are known.
type gate struct {
	mu     sync.Mutex
	closed int // triggers that are not ready
	open   chan struct{}
}

func newGate(triggers int) *gate {
	g := &gate{closed: triggers, open: make(chan struct{})}
	if triggers == 0 {
		close(g.open)
	}
	return g
}

// ready is called once by each trigger.
func (g *gate) ready() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed--; g.closed == 0 {
		close(g.open)
	}
}

// pass waits until calls may begin; false when ctx ended first.
func (g *gate) pass(ctx context.Context) bool {
	select {
	case <-g.open:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
