package runtime

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/binding"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// keeper is a rig of one binding with Cached, whose events are told in turn.
type keeper struct {
	*rig
	told   []string
	reader capability.Reader[*corev1.ConfigMap]
}

func newKeeper(t *testing.T, of capability.Selection[*corev1.ConfigMap]) *keeper {
	k := &keeper{}
	k.rig = newRig(t, of.IsCreatedOrUpdated().IsDeleted().HasLeft().Cached(&k.reader).Watch(k.take))
	return k
}

func valued(v string) func(*corev1.ConfigMap) {
	return func(cm *corev1.ConfigMap) {
		labelled("yes")(cm)
		cm.Data = map[string]string{"v": v}
	}
}

func (k *keeper) take(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
	line := fmt.Sprintf("%s %s@%s=%s", e.Type, e.Object.UID, e.Object.ResourceVersion, e.Object.Data["v"])
	if e.HasOld() {
		line += fmt.Sprintf(" was %s@%s=%s", e.Old.UID, e.Old.ResourceVersion, e.Old.Data["v"])
	}
	if e.Partial {
		line += " partial"
	}
	k.told = append(k.told, line)
	return nil
}

// show tells a state, and has its memory used for something else.
func (k *keeper) show(cm *corev1.ConfigMap) {
	f := frameOf(k.t, cm)
	k.feed.Handle(watcher.Delta{Kind: watcher.Upsert, Frame: f, Entry: k.entry(cm)})
	k.tell()
	clear(f.Raw)
}

// missed tells that an object was found to be gone by a list.
func (k *keeper) missed(cm *corev1.ConfigMap, ambiguous bool) {
	k.feed.Handle(watcher.Delta{Kind: watcher.Gone, Entry: k.entry(cm), Relist: true, Ambiguous: ambiguous})
	k.index.Remove(k.entry(cm))
	k.tell()
}

// tell calls for what is in the inbox.
func (k *keeper) tell() {
	events := k.boxes[0].events
	k.boxes[0].events = nil
	for _, e := range events {
		if res := k.binding().Call(k.t.Context(), queue.Call[*binding.Work]{Key: e.Key, UID: e.UID, Type: e.Type, Payload: e.Payload, Before: e.Before}); res.Err != nil {
			k.t.Error(res.Err)
		}
	}
}

func (k *keeper) binding() *binding.Binding { return k.feed.Subs[0].Of }

func (k *keeper) want(lines ...string) {
	k.t.Helper()
	if !slices.Equal(k.told, lines) {
		k.t.Errorf("told\n\t%s\nwant\n\t%s", strings.Join(k.told, "\n\t"), strings.Join(lines, "\n\t"))
	}
	k.told = nil
}

func (k *keeper) keeps(objects int) {
	k.t.Helper()
	n, raw := k.binding().Cached.Size()
	if n != objects || (raw > 0) != (objects > 0) || k.reader.Len() != n {
		k.t.Errorf("%d objects of %d bytes are kept, and the reader has %d; want %d", n, raw, k.reader.Len(), objects)
	}
}

func TestCachedTellsWhatWas(t *testing.T) {
	k := newKeeper(t, capability.When(kind.ConfigMap).WithAnnotation("in", "yes"))
	k.show(aMap("u", "1", valued("a")))
	k.show(aMap("u", "2", valued("b")))
	k.keeps(1)
	if o, found := k.reader.Get("ns", "n"); !found || o.Data["v"] != "b" {
		t.Errorf("the reader has %+v, %v", o, found)
	}
	k.show(aMap("u", "3")) // it leaves
	k.keeps(0)
	k.show(aMap("u", "4", valued("c")))
	k.missed(aMap("u", "4"), false)
	k.keeps(0)
	k.show(aMap("v", "5", valued("d")))
	k.gone(aMap("v", "6", valued("e")), false)
	k.tell()
	k.keeps(0)
	k.want("Added u@1=a", "Modified u@2=b was u@1=a", "Left u@2=b was u@2=b",
		"Added u@4=c", "Deleted u@4=c was u@4=c", "Added v@5=d", "Deleted v@6=e was v@5=d")
}

// Whether it left or is gone, and whatever the memory budget, an object goes with its last state.
func TestCachedDepartures(t *testing.T) {
	for name, budget := range map[string]int64{"within the budget": 1 << 20, "over the budget": 1} {
		t.Run(name, func(t *testing.T) {
			k := newKeeper(t, capability.When(kind.ConfigMap).MemoryBudget(budget))
			k.show(aMap("u", "1", valued("a")))
			k.gone(aMap("u", "2", valued("a")), true)
			k.show(aMap("u", "2", valued("b"))) // it had left
			k.missed(aMap("u", "2"), true)
			k.show(aMap("v", "3", valued("c"))) // it was deleted
			k.keeps(1)
			k.gone(aMap("v", "4", valued("d")), false)
			for _, e := range k.boxes[0].events {
				e.Payload.DropObject()
			}
			k.tell()
			last := "Deleted v@3=c was v@3=c" // over the queue's budget: what was kept
			k.want("Added u@1=a", "Left u@1=a was u@1=a", "Added u@2=b", "Deleted u@2=b was u@2=b", "Added v@3=c", last)
			k.keeps(0)
			k.nothingOpen()
		})
	}
}

// How an object was before weighs in the memory budget like the object itself, while a call waits that tells of it; with
// the last state of what is gone it is one.
func TestCachedWeighsWhatWas(t *testing.T) {
	maps := capability.When(kind.ConfigMap).WithAnnotation("in", "yes").IsUpdated().IsDeleted().HasLeft()
	for name, bind := range map[string]func(capability.Selection[*corev1.ConfigMap]) capability.Binding{
		"Watch": func(s capability.Selection[*corev1.ConfigMap]) capability.Binding { return s.Watch(ignoreMap) },
		"InOrder": func(s capability.Selection[*corev1.ConfigMap]) capability.Binding {
			return s.InOrder().Reconcile(ignoreMap)
		},
		"Reconcile": func(s capability.Selection[*corev1.ConfigMap]) capability.Binding { return s.Reconcile(ignoreMap) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, bind(maps.Cached().Alias("cached")), bind(maps.Alias("plain")))
			r.hire()
			cached, plain := r.feed.Subs[0].Of, r.feed.Subs[1].Of
			r.upsert(aMap("u", "1", valued("a")), false)
			_, first := cached.Cached.Size()
			each := int64(0)
			for _, step := range []struct {
				what    string
				do      func()
				was, in bool
			}{
				{"changed", func() { r.upsert(aMap("u", "2", valued("bb")), false) }, true, true},
				{"changed again", func() { r.upsert(aMap("u", "3", valued("ccc")), false) }, true, true},
				{"left", func() { r.upsert(aMap("u", "4"), false) }, true, false},
				{"back", func() { r.upsert(aMap("u", "5", valued("dddd")), false) }, false, true},
				{"deleted", func() { r.gone(aMap("u", "6", valued("eeeee")), false) }, true, false},
			} {
				_, last := cached.Cached.Size()
				step.do()
				if step.was {
					each += last
				}
				want := each
				if name == "Reconcile" { // one call: the first of these, and the last of what is not in the set
					want = first
					if !step.in {
						want += last
					}
				}
				if got := cached.Engine.Stats().Bytes - plain.Engine.Stats().Bytes; got != want {
					t.Errorf("%s: %d bytes more than without Cached, want %d", step.what, got, want)
				}
			}
		})
	}
}

// What did not fit while it waited is there all the same: nothing is read from the server.
func TestCachedReadsFromMemory(t *testing.T) {
	k := newKeeper(t, capability.When(kind.ConfigMap))
	k.upsert(aMap("u", "1", valued("a")), false)
	waits := k.boxes[0].events[0]
	k.boxes[0].events = nil
	k.show(aMap("u", "2", valued("b")))
	k.told = nil
	call := queue.Call[*binding.Work]{Key: waits.Key, UID: "u", Type: queue.Added, Payload: waits.Payload.DropObject()}
	if res := k.binding().Call(t.Context(), call); res.Outcome != queue.Done {
		t.Errorf("outcome %v, %v", res.Outcome, res.Err)
	}
	k.want("Added u@2=b")
	for _, next := range []func(){
		func() { k.missed(aMap("u", "2"), false) },
		func() { k.show(aMap("v", "3", valued("c"))) }, // another of its name
	} {
		next()
		k.told = nil
		if res := k.binding().Call(t.Context(), call); res.Outcome != queue.Drop || len(k.told) > 0 {
			t.Errorf("outcome %v, told %q, of an object that is not there", res.Outcome, k.told)
		}
	}
}

// A stream that carries managedFields for another binding does not make this one keep them.
func TestCachedKeepsNoManagedFields(t *testing.T) {
	var plain, whole capability.Reader[*corev1.ConfigMap]
	s := capability.When(kind.ConfigMap)
	r := newRig(t, s.Cached(&plain).Alias("plain").Watch(ignoreMap), s.ManagedFields().Cached(&whole).Alias("whole").Watch(ignoreMap))
	r.upsert(aMap("u", "1", valued("a"), managed), false)
	_, less := r.feed.Subs[0].Of.Cached.Size()
	_, more := r.feed.Subs[1].Of.Cached.Size()
	if less >= more || cap(r.feed.Subs[0].Of.Cached.States.M[queue.Key{Namespace: "ns", Name: "n"}].Raw) >= int(more) {
		t.Errorf("%d bytes without managedFields, %d with them", less, more)
	}
	a, _ := plain.Get("ns", "n")
	b, _ := whole.Get("ns", "n")
	if a == nil || b == nil || len(a.ManagedFields) != 0 || len(b.ManagedFields) != 1 || a.Data["v"] != "a" {
		t.Errorf("the readers have %+v and %+v", a, b)
	}
}

// The cache of a binding that watched many objects is small when they are gone.
func TestCacheShrinks(t *testing.T) {
	k := newKeeper(t, capability.When(kind.ConfigMap))
	many := make([]*corev1.ConfigMap, 1000)
	for i := range many {
		many[i] = aMap(fmt.Sprint("u", i), "1", valued("a"))
		many[i].Name = fmt.Sprint("n", i)
		k.show(many[i])
	}
	k.keeps(len(many))
	for _, cm := range many[1:] {
		k.missed(cm, false)
	}
	k.keeps(1)
	if c := k.binding().Cached; c.States.Peak > len(many)/8 {
		t.Errorf("the map has room for %d objects, and holds %d", c.States.Peak, len(c.States.M))
	}
}

// A reader is synced when all of a binding's targets were listed.
func TestReaderIsSyncedWithTheLastTarget(t *testing.T) {
	var r capability.Reader[*corev1.ConfigMap]
	s, cfg := remember(t)
	s.put("a", "x")
	s.put("b", "y")
	p := startAt(t, cfg, oneCapability(capability.When(kind.ConfigMap).InNamespace("a", "b").Cached(&r).Reconcile(ignoreMap)))
	until(t, "synced", r.Synced)
	if r.Len() != 2 {
		t.Errorf("%d objects in a reader that is synced", r.Len())
	}
	p.metric(t, `ancho_binding_cached_objects{binding="configmaps",capability="c"} 2`)
}

// A route that leaves its shared stream and comes back takes nothing with it: what is kept is the binding's.
func TestCachedOnARider(t *testing.T) {
	var r capability.Reader[*corev1.ConfigMap]
	s, cfg := remember(t)
	s.put("a", "stays")
	s.put("a", "goes")
	var told diary
	p := startAt(t, cfg, oneCapability(capability.When(kind.ConfigMap).Alias("wide").Watch(ignoreMap),
		capability.When(kind.ConfigMap).InNamespace("a").IsDeleted().Cached(&r).Alias("narrow").Watch(
			func(ctx context.Context, e capability.Event[*corev1.ConfigMap]) error {
				if e.Partial || !e.HasOld() {
					e.Object.Name += " partial"
				}
				return told.handle(ctx, e)
			})))
	until(t, "synced", r.Synced)
	for _, closed := range []bool{true, false} {
		s.set(closed, false)
		until(t, "the other stream", func() bool {
			running, _ := p.streams.Statuses()
			return len(running) == map[bool]int{true: 2, false: 1}[closed]
		})
		s.put("a", fmt.Sprint("new-", closed))
		until(t, "the new object", func() bool { _, found := r.Get("a", fmt.Sprint("new-", closed)); return found })
	}
	s.remove("a", "goes")
	told.expect(t, "Deleted goes")
	var names []string
	for cm := range r.All() {
		names = append(names, cm.Name)
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"new-false", "new-true", "stays"}) {
		t.Errorf("the reader has %q", names)
	}
}
