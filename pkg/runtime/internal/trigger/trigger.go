package trigger

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/internal/container"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Binding is a binding whose objects a trigger enqueues.
type Binding interface {
	// Trigger asks for a call for an object, which is read live then.
	Trigger(k queue.Key, why queue.Cause)
	// Undecodable passes over an object that the trigger's function could not be asked about.
	Undecodable(m *watcher.Meta, err error)
	Log() logr.Logger
}

// Source is the binding whose events trigger.
type Source interface {
	Undecodable(m *watcher.Meta, err error)
}

// Trigger enqueues objects of a binding for events of a source. It remembers by name what each
// source object stands for, or for Uses, what each object of the binding names. The objects that exist when the source is first
// listed enqueues nothing: the binding's calls begin when that list is complete.
type Trigger struct {
	of   Binding // whose objects are enqueued
	from Source
	t    *compile.CompiledTrigger

	mu      sync.Mutex
	stands  container.Table[queue.Key, []queue.Key]            // source -> objects, of Owns and Mapped
	names   container.Table[queue.Key, []queue.Key]            // object -> sources, of Uses
	named   container.Table[queue.Key, map[queue.Key]struct{}] // source -> objects, of Uses
	waiting map[watcher.Target]bool                            // whose first list is not complete
	ready   func()                                             // called once none is left
	warned  bool
}

// New makes the trigger t of a binding, whose source has these targets. ready is called when each of them was listed once.
func New(of Binding, from Source, t *compile.CompiledTrigger, targets []watcher.Target, ready func()) *Trigger {
	w := &Trigger{
		of: of, from: from, t: t, ready: ready, waiting: map[watcher.Target]bool{},
	}
	for _, target := range targets {
		w.waiting[target] = true
	}
	return w
}

// Event takes an event of the source; frame is the object's state, nil if it was deleted. passes says that it enqueues: other events
// may change what is remembered.
func (w *Trigger) Event(k queue.Key, typ queue.EventType, frame *watcher.Frame, passes bool) {
	var of []queue.Key
	if w.t.Names != nil {
		of = w.remap(k, typ, frame)
	} else {
		of = w.users(k)
	}
	if !passes {
		return
	}
	for _, one := range of {
		w.of.Trigger(one, queue.Cause{Type: typ, Via: w.t.Via, Kind: w.t.Source.Resource.Kind, Name: k.String()})
	}
}

// remap remembers what the source object stands for now, and returns that with what it stood for.
func (w *Trigger) remap(k queue.Key, typ queue.EventType, frame *watcher.Frame) []queue.Key {
	var now []queue.Key
	if typ != queue.Deleted && typ != queue.Left {
		found, err := w.t.Names(frame)
		if err != nil {
			w.from.Undecodable(&frame.Meta, err)
			return w.last(k) // which may have changed
		}
		now = keys(found)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.stands.M[k]
	if len(now) == 0 {
		w.stands.Delete(k)
	} else {
		w.stands.Set(k, now)
	}
	return union(before, now)
}

func (w *Trigger) last(k queue.Key) []queue.Key {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stands.M[k]
}

// users are the objects that name a source, sorted: what is random here would be so in every test of a user's, too.
func (w *Trigger) users(k queue.Key) []queue.Key {
	w.mu.Lock()
	defer w.mu.Unlock()
	return sorted(slices.Collect(maps.Keys(w.named.M[k])))
}

// Upsert takes each new state of an object of the binding, which is in its set or has left it.
func (w *Trigger) Upsert(f *watcher.Frame, in bool) {
	switch {
	case w.t.Used == nil:
	case in:
		w.use(&f.Meta, f)
	default:
		w.set(queue.Key{Namespace: f.Meta.Namespace, Name: f.Meta.Name}, nil)
	}
}

// use remembers what an object of the binding names.
func (w *Trigger) use(m *watcher.Meta, f *watcher.Frame) {
	found, err := w.t.Used(f)
	if err != nil {
		w.of.Undecodable(m, err)
		return
	}
	names := keys(found)
	w.outside(m, names)
	w.set(queue.Key{Namespace: m.Namespace, Name: m.Name}.Clone(), names)
}

// Forget drops what a deleted object of the binding names.
func (w *Trigger) Forget(user queue.Key) { w.set(user, nil) }

// set replaces what an object names; nothing forgets it.
func (w *Trigger) set(user queue.Key, names []queue.Key) {
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
func (w *Trigger) outside(m *watcher.Meta, names []queue.Key) {
	i := slices.IndexFunc(names, func(k queue.Key) bool {
		return !w.t.Source.Within(&watcher.Meta{Namespace: k.Namespace, Name: k.Name})
	})
	if i < 0 {
		return
	}
	w.mu.Lock()
	warned := w.warned
	w.warned = true
	w.mu.Unlock()
	if !warned {
		w.of.Log().Info("an object names another one that is not watched, whose changes will not wake it: give Uses a selection with its namespace",
			"object", strings.Clone(m.Key()), "uses", w.t.Source.Resource.Kind, "name", names[i].String())
	}
}

// Sizes is how much is remembered: source objects that stand for objects, objects with names, and names.
func (w *Trigger) Sizes() (stands, names, named int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.stands.M), len(w.names.M), len(w.named.M)
}

// Begun notes that the first list of a target is complete.
func (w *Trigger) Begun(t watcher.Target) {
	w.mu.Lock()
	was := len(w.waiting)
	delete(w.waiting, t)
	done := was > 0 && len(w.waiting) == 0
	w.mu.Unlock()
	if done {
		w.ready()
	}
}

// keys are names in memory of their own, sorted, each once.
func keys(names []types.NamespacedName) []queue.Key {
	out := make([]queue.Key, 0, len(names))
	for _, n := range names {
		if n.Name != "" {
			out = append(out, queue.Key{Namespace: n.Namespace, Name: n.Name}.Clone())
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
