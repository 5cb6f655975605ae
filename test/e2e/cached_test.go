//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// keepers are bindings with Cached on one selection, which are told of everything: Watch with one slot, every event in
// order, and the latest state, whose callback waits at its first call.
type keepers[T kind.Object] struct {
	watched, ordered, latest calls[T]
	inWatched                capability.Reader[T]
	inLatest                 capability.Reader[T]
	gate                     chan struct{}
}

// capabilities are one for each: of one capability a call that waits would hold up the others' for its object.
func (k *keepers[T]) capabilities(s capability.Selection[T]) []capability.Func {
	k.gate = make(chan struct{})
	k.latest.do = func(context.Context, capability.Event[T]) error {
		<-k.gate
		return nil
	}
	s = s.IsCreatedOrUpdated().IsDeleted().HasLeft()
	return []capability.Func{
		only("watched", s.Cached(&k.inWatched).Concurrency(1).Alias("watched").Watch(k.watched.handle)),
		only("ordered", s.Cached().InOrder().Alias("ordered").Reconcile(k.ordered.handle)),
		only("latest", s.Cached(&k.inLatest).Alias("latest").Reconcile(k.latest.handle)),
	}
}

// stripped is what an object says, without what depends on who asks.
func stripped[T client.Object](t *testing.T, o T) client.Object {
	t.Helper()
	content, ok := o.DeepCopyObject().(client.Object)
	if !ok {
		t.Fatalf("%T copies to something else", o)
	}
	content.SetManagedFields(nil)
	if _, isMap := content.(*unstructured.Unstructured); !isMap {
		content.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	}
	return content
}

// same fails the test if two objects are not the same to the last field.
func same[T client.Object](t *testing.T, what string, got, want T) {
	t.Helper()
	if g, w := stripped(t, got), stripped(t, want); !equality.Semantic.DeepEqual(g, w) {
		t.Errorf("%s is\n%+v, want\n%+v", what, g, w)
	}
}

// TestCachedTellsHowItWas: of each change a binding with Cached is told the object as it was, to the last field, and of
// what leaves or is deleted the last state whole, as a Go type and as a map, selected by the server and here.
func TestCachedTellsHowItWas(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	gizmos := schema.GroupVersionKind{Group: "cached.example.com", Version: "v1", Kind: "Gadget"}
	serve(t, env.Config, custom{kind: gizmos, plural: "gadgets"})
	ns := newNamespace(t, newClient(t, env.Config))
	t.Run("ConfigMap", func(t *testing.T) {
		showOld(t, capability.When(kind.ConfigMap).InNamespace(ns).WithLabel("in"), configMap(ns, "o"), func(o *corev1.ConfigMap, v string) {
			o.Data = map[string]string{"v": v}
		})
	})
	t.Run("custom", func(t *testing.T) {
		o := &unstructured.Unstructured{Object: map[string]any{}}
		o.SetGroupVersionKind(gizmos)
		o.SetNamespace(ns)
		o.SetName("o")
		showOld(t, capability.When(kind.Unstructured(gizmos)).InNamespace(ns).WithAnnotation("in"), o, func(o *unstructured.Unstructured, v string) {
			o.Object["spec"] = map[string]any{"v": v, "n": int64(len(v))}
		})
	})
}

// showOld changes an object in every way, and looks at what was told of each.
func showOld[T interface {
	kind.Object
	client.Object
}](t *testing.T, sel capability.Selection[T], o T, set func(T, string)) {
	t.Helper()
	c := newClient(t, cluster(t).Config)
	k := &keepers[T]{}
	p := run(t, cluster(t).Config, runtime.Options{Capabilities: k.capabilities(sel)})
	t.Cleanup(func() { // before the program ends
		select {
		case <-k.gate:
		default:
			close(k.gate)
		}
	})
	p.ready(t)
	in := map[string]string{"in": ""}
	var states []T // of which it was told
	note := func(typ capability.EventType) {
		t.Helper()
		copied, ok := o.DeepCopyObject().(T)
		if !ok {
			t.Fatalf("%T copies to something else", o)
		}
		states = append(states, copied)
		for _, r := range []*calls[T]{&k.watched, &k.ordered} {
			waitUntil(t, fmt.Sprintf("call %d", len(states)), func() bool { return len(r.of("o")) >= len(states) })
			r.waitType(t, "o", typ)
		}
	}
	change := func(f func(T)) {
		t.Helper()
		edit(t, c, o, f)
	}
	set(o, "first")
	o.SetLabels(in)
	o.SetAnnotations(in)
	create(t, c, o)
	note(added)
	for _, v := range []string{"second", "the third", "and a fourth"} {
		change(func(o T) { set(o, v) })
		note(modified)
	}
	change(func(o T) { o.SetLabels(nil); o.SetAnnotations(nil) })
	note(hasLeft)
	change(func(o T) { o.SetLabels(in); o.SetAnnotations(in); set(o, "fifth") })
	note(added)
	close(k.gate)
	k.latest.waitType(t, "o", modified)
	must(t, c.Delete(t.Context(), o))
	note(deleted)
	k.latest.waitType(t, "o", deleted)
	p.idle(t)

	for binding, r := range map[string]*calls[T]{"watched": &k.watched, "ordered": &k.ordered} {
		r.wantTypes(t, "o", added, modified, modified, modified, hasLeft, added, deleted)
		for i, e := range r.of("o") {
			what := fmt.Sprintf("%s: Old of %s number %d", binding, e.Type, i)
			if e.HasOld() != (e.Type != added) || e.Partial {
				t.Errorf("%s: there is one: %v; partial %v", what, e.HasOld(), e.Partial)
				continue
			}
			switch e.Type {
			case hasLeft: // the state in which it left is of no interest
				same(t, "the object of "+what, e.Object, states[i-1])
			case deleted: // the server counts the deletion as a change
				states[i].SetResourceVersion(e.Object.GetResourceVersion())
				fallthrough
			default:
				same(t, "the object of "+what, e.Object, states[i])
			}
			if e.HasOld() {
				same(t, what, e.Old, states[i-1])
			}
		}
	}
	k.latest.wantTypes(t, "o", added, modified, deleted)
	for i, want := range map[int]struct{ old, object T }{1: {states[0], states[5]}, 2: {states[5], states[6]}} {
		e := k.latest.of("o")[i]
		same(t, fmt.Sprintf("latest: the object of call %d", i), e.Object, want.object)
		if e.HasOld() {
			same(t, fmt.Sprintf("latest: Old of call %d", i), e.Old, want.old)
		} else {
			t.Errorf("latest: call %d has no Old", i)
		}
	}
	p.keepsNothing(t, "watched", "ordered", "latest")
}

// keepsNothing fails the test if bindings hold anything of objects that are gone.
func (p *program) keepsNothing(t *testing.T, bindings ...string) {
	t.Helper()
	for _, b := range bindings {
		for _, m := range []string{"ancho_binding_cached_objects", "ancho_binding_cached_bytes", "ancho_binding_bytes"} {
			if n := p.count(t, m, b); n != 0 {
				t.Errorf("%s of %s: %d, and all objects are gone", m, b, n)
			}
		}
	}
	if n := p.metric(t, "ancho_stream_objects"); n != 0 {
		t.Errorf("the streams know %v objects, and all are gone", n)
	}
}

// equals fails the test if a Reader does not have the very objects that the server lists.
func equals(t *testing.T, r *capability.Reader[*corev1.ConfigMap], c client.Client, labels map[string]string, spaces ...string) (objects int) {
	t.Helper()
	var now []corev1.ConfigMap
	for _, ns := range spaces {
		var in corev1.ConfigMapList
		must(t, c.List(t.Context(), &in, client.InNamespace(ns), client.MatchingLabels(labels)))
		now = append(now, in.Items...)
		n := 0
		for range r.InNamespace(ns) {
			n++
		}
		if n != len(in.Items) {
			t.Errorf("the reader has %d objects in %s, the server %d", n, ns, len(in.Items))
		}
	}
	all := map[string]*corev1.ConfigMap{}
	for cm := range r.All() {
		if all[key(cm)] != nil {
			t.Errorf("%s is there twice", key(cm))
		}
		all[key(cm)] = cm
	}
	if len(all) != len(now) || r.Len() != len(now) || !r.Synced() {
		t.Errorf("the reader has %d objects, says %d, synced %v; the server %d", len(all), r.Len(), r.Synced(), len(now))
	}
	for i := range now {
		want := &now[i]
		one, found := r.Get(want.Namespace, want.Name)
		if !found || all[key(want)] == nil {
			t.Errorf("%s is not in the reader", key(want))
			continue
		}
		same(t, "in the reader "+key(want), one, want)
		same(t, "in the loop "+key(want), all[key(want)], want)
	}
	return len(now)
}

// TestReaderHasWhatTheServerHas: at rest, after much has changed, after a gap whose history is lost, and when all is gone,
// a Reader has what the server lists; and a gap is told with the last states.
func TestReaderHasWhatTheServerHas(t *testing.T) {
	t.Parallel()
	env := ownCluster(t, testenv.Options{})
	c := newClient(t, env.Config)
	a, b := newNamespace(t, c), newNamespace(t, c)
	cfg, proxy := proxied(t, env.Config, 0)
	k, of := &keepers[*corev1.ConfigMap]{}, map[string]string{"in": "yes"}
	sel := capability.When(kind.ConfigMap).InNamespace(a, b)
	var whole capability.Reader[*corev1.ConfigMap]
	var seen calls[*corev1.ConfigMap]
	seen.do = func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
		if now, found := whole.Get(e.Object.Namespace, e.Object.Name); found && now.UID == e.Object.UID && version(t, now) < version(t, e.Object) {
			t.Errorf("the callback for %s was given %s, and the reader has %s", key(e.Object), e.Object.ResourceVersion, now.ResourceVersion)
		}
		return nil
	}
	p := run(t, cfg, runtime.Options{Capabilities: append(k.capabilities(sel.WithLabel("in", "yes")),
		only("whole", sel.IsCreatedOrUpdated().IsDeleted().Cached(&whole).Alias("whole").Reconcile(seen.handle)))})
	close(k.gate)
	p.ready(t)
	inA, inB := &churn{c: c, ns: a, names: 20}, &churn{c: c, ns: b, names: 20}
	stopA, stopB := inA.start(t), inB.start(t)
	inA.more(t, 300)
	inB.more(t, 300)
	stopA()
	stopB()
	names := []string{"stays", "changes", "leaves", "goes", "again"}
	for _, name := range names {
		create(t, c, labelled(b, name, of))
	}
	settled(t, c, a, "whole", &seen)
	settled(t, c, b, "whole", &seen)
	for _, name := range names {
		k.latest.waitType(t, name, added)
		k.watched.waitType(t, name, added)
	}
	rest := func(what string, want int) {
		t.Helper()
		p.idle(t)
		if n := equals(t, &whole, c, nil, a, b); n < want {
			t.Errorf("%s: %d objects, so that this shows little", what, n)
		}
		equals(t, &k.inWatched, c, of, a, b)
		equals(t, &k.inLatest, c, of, a, b)
	}
	rest("after many changes", len(names)+4)

	before := map[string]*corev1.ConfigMap{}
	for cm := range k.inWatched.All() {
		before[cm.Name] = cm
	}
	p.cutOff(t, proxy)
	for _, name := range []string{"goes", "again"} {
		must(t, c.Delete(t.Context(), before[name]))
	}
	create(t, c, labelled(b, "again", of), labelled(b, "new", of))
	edit(t, c, before["changes"].DeepCopy(), func(o *corev1.ConfigMap) { o.Data = map[string]string{"v": "changed"} })
	edit(t, c, before["leaves"].DeepCopy(), func(o *corev1.ConfigMap) { o.Labels = map[string]string{"in": "no"} })
	must(t, c.DeleteAllOf(t.Context(), &corev1.ConfigMap{}, client.InNamespace(a)))
	crash(t, env, c)
	must(t, env.Compact())
	must(t, env.StartAPIServer())
	proxy.restore(t)
	p.ready(t)
	k.watched.waitType(t, "new", added)
	k.latest.waitType(t, "new", added)
	settled(t, c, a, "whole", &seen)
	settled(t, c, b, "whole", &seen)
	for binding, r := range map[string]*calls[*corev1.ConfigMap]{"watched": &k.watched, "ordered": &k.ordered, "latest": &k.latest} {
		for name, want := range map[string][]capability.EventType{
			"stays": {added}, "changes": {added, modified}, "leaves": {added, hasLeft}, "goes": {added, deleted}, "again": {added, deleted, added},
		} {
			r.waitType(t, name, want[len(want)-1])
			r.wantTypes(t, name, want...)
			if all := r.of(name); len(all) > 1 {
				e := all[1]
				if !e.HasOld() || e.Partial {
					t.Fatalf("%s: %s of %s, with Old %v, partial %v", binding, e.Type, name, e.HasOld(), e.Partial)
				}
				same(t, binding+": Old of "+name, e.Old, before[name])
				if e.Type != modified {
					same(t, binding+": the last state of "+name, e.Object, before[name])
				}
			}
		}
	}
	if n := p.metric(t, "ancho_stream_relists_total", "reason", "expired"); n == 0 {
		t.Error("the history was not lost, so that this test shows nothing")
	}
	rest("after the gap", len(names))

	for _, ns := range []string{a, b} {
		must(t, c.DeleteAllOf(t.Context(), &corev1.ConfigMap{}, client.InNamespace(ns)))
	}
	settled(t, c, a, "whole", &seen)
	settled(t, c, b, "whole", &seen)
	waitUntil(t, "the other readers are empty", func() bool { return k.inWatched.Len()+k.inLatest.Len() == 0 })
	rest("in the end", 0)
	p.keepsNothing(t, "watched", "ordered", "latest", "whole")
}

// TestCachedOverTheBudget: with Cached what does not fit the memory budget is never read again, so that list and watch are rights
// enough; whatever waits is told with how it was, and a deletion with the last state.
func TestCachedOverTheBudget(t *testing.T) {
	t.Parallel()
	const objects = 120
	c := newClient(t, cluster(t).Config)
	ns := newNamespace(t, c)
	cfg, user := somebody(t, "keeper")
	rights{user: "keeper", namespace: ns, verbs: []string{"list", "watch"}}.give(t, c, user)
	cfg, spy := spied(cfg)
	name := func(i int) string { return fmt.Sprintf("large-%03d", i) }
	pad := strings.Repeat("x", largeSize)
	write := func(n string) func(int) error {
		return func(i int) error {
			cm := configMap(ns, name(i), "n", n, "pad", pad)
			if n == "0" {
				return c.Create(t.Context(), cm)
			}
			return c.Update(t.Context(), cm)
		}
	}
	atOnce(t, objects, write("0"))
	gate := make(chan struct{})
	blocks := func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
		if e.Type != added {
			<-gate
		}
		return nil
	}
	all := map[string]*calls[*corev1.ConfigMap]{"watched": {do: blocks}, "ordered": {do: blocks}, "latest": {do: blocks}}
	tight := capability.When(kind.ConfigMap).InNamespace(ns).IsCreatedOrUpdated().IsDeleted().MemoryBudget(256 << 10).Concurrency(4).Cached()
	p := run(t, cfg, runtime.Options{Capabilities: []capability.Func{
		only("watched", tight.Alias("watched").Watch(all["watched"].handle)),
		only("ordered", tight.Alias("ordered").InOrder().Reconcile(all["ordered"].handle)),
		only("latest", tight.Alias("latest").Reconcile(all["latest"].handle)),
	}})
	t.Cleanup(func() {
		select {
		case <-gate:
		default:
			close(gate)
		}
	})
	p.ready(t)
	for _, r := range all {
		r.wait(t, objects)
	}
	p.idle(t)

	atOnce(t, objects, write("1"))
	atOnce(t, objects, write("2"))
	atOnce(t, objects/4, func(i int) error { return c.Delete(t.Context(), configMap(ns, name(4*i))) })
	end := configMap(ns, "end")
	create(t, c, end)
	for binding := range all { // everything has been read, as the states that are kept say
		p.waitCount(t, "ancho_binding_cached_objects", binding, objects-objects/4+1)
		if n := p.count(t, "ancho_binding_bytes", binding); n < objects*largeSize/2 {
			t.Errorf("%s: %d bytes are held as the budget counts them, and how %d objects were waits", binding, n, objects)
		}
	}
	close(gate)
	for binding, r := range all {
		r.waitType(t, "end", added)
		p.idle(t)
		for i := range objects {
			told := r.of(name(i))
			stands := 0
			for j, e := range told {
				stands += 1 + e.Merged
				if e.Partial || e.HasOld() != (e.Type != added) || len(e.Object.Data["pad"]) != largeSize {
					t.Fatalf("%s: %s of %s: partial %v, with Old %v, %d bytes of data", binding, e.Type, e.Object.Name, e.Partial, e.HasOld(), len(e.Object.Data["pad"]))
				}
				if j == 1 && e.Old.Data["n"] != "0" {
					t.Errorf("%s: %s of %s was %s before, want 0", binding, e.Type, e.Object.Name, e.Old.Data["n"])
				}
			}
			want, events := modified, 3
			if i%4 == 0 {
				want, events = deleted, 4
			}
			if last := told[len(told)-1]; last.Type != want || last.Object.Data["n"] != "2" {
				t.Errorf("%s: %s of %s=%s came last, want %s of 2", binding, last.Type, name(i), last.Object.Data["n"], want)
			}
			if stands != events && binding != "latest" {
				t.Errorf("%s: the calls for %s stand for %d events, want %d", binding, name(i), stands, events)
			}
		}
		if n := p.count(t, "ancho_binding_reread_total", binding); n != 0 {
			t.Errorf("%s: %d objects were read again", binding, n)
		}
		if n := p.count(t, "ancho_binding_bytes", binding); n != 0 {
			t.Errorf("%s: %d bytes held at rest", binding, n)
		}
		if p.count(t, "ancho_binding_merged_total", binding) == 0 {
			t.Errorf("%s: nothing was merged, so that there was room for everything", binding)
		}
	}
	for _, r := range spy.gets("") {
		if strings.Contains(r.path, "/configmaps/") || strings.Contains(r.query, "metadata.name") {
			t.Errorf("a single object was asked for: %+v", r)
		}
	}
	must(t, c.DeleteAllOf(t.Context(), &corev1.ConfigMap{}, client.InNamespace(ns)))
	for binding := range all {
		p.waitCount(t, "ancho_binding_cached_objects", binding, 0)
	}
	p.idle(t)
	p.keepsNothing(t, "watched", "ordered", "latest")
}

// TestCachedWithFinalizerAndTriggers: beside Finalize, Owns and Uses a binding with Cached is told how the object was where the
// object changed, and nothing where another did; what carries the finalizer stays in the Reader until it is gone.
func TestCachedWithFinalizerAndTriggers(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	ns := newNamespace(t, c)
	in := map[string]string{"in": ""}
	f := &finalizing{}
	let := make(chan struct{})
	f.fail = func(string) error {
		select {
		case <-let:
			return nil
		default:
			return errors.New("not yet")
		}
	}
	var reader capability.Reader[*corev1.ConfigMap]
	uses := func(o *corev1.ConfigMap) []types.NamespacedName {
		return []types.NamespacedName{{Namespace: ns, Name: o.Data["secret"]}}
	}
	p := run(t, cluster(t).Config, runtime.Options{}, f.binding(
		capability.When(kind.ConfigMap).InNamespace(ns).WithLabel("in").Owns(kind.Service).Uses(kind.Secret, uses).Cached(&reader)))
	p.ready(t)
	o := labelled(ns, "o", in)
	o.Data["secret"] = "used"
	create(t, c, o)
	first := f.reconciled.waitType(t, "o", added)
	if first.HasOld() || !slices.Contains(first.Object.Finalizers, ours) {
		t.Errorf("Added has an Old: %v, and the finalizers %q", first.HasOld(), first.Object.Finalizers)
	}
	waitUntil(t, "the reader has the finalizer", func() bool {
		cm, found := reader.Get(ns, "o")
		return found && slices.Contains(cm.Finalizers, ours)
	})
	// Each change that follows waits for the call of the one before, so that nothing merges.
	last := func(n int, typ capability.EventType) call[*corev1.ConfigMap] {
		t.Helper()
		waitUntil(t, fmt.Sprintf("call %d", n), func() bool { return len(f.reconciled.of("o")) >= n })
		e := f.reconciled.waitType(t, "o", typ)
		if got := len(f.reconciled.of("o")); got != n || e.Partial {
			t.Fatalf("%d calls, want %d; partial %v", got, n, e.Partial)
		}
		return e
	}
	was := configMap(ns, "o")
	must(t, c.Get(t.Context(), keyOf(was), was))
	now := was.DeepCopy()
	edit(t, c, now, func(o *corev1.ConfigMap) { o.Data["v"] = "1" })
	e := last(2, modified)
	if !e.HasOld() {
		t.Fatal("Modified has no Old")
	}
	same(t, "Old after the finalizer was put on", e.Old, was)
	same(t, "the object after the finalizer was put on", e.Object, now)

	owned := &corev1.Service{Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}
	owned.Namespace, owned.Name = ns, "owned"
	owned.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(now, corev1.SchemeGroupVersion.WithKind("ConfigMap"))}
	used := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "used"}}
	for i, other := range []client.Object{owned, used} {
		create(t, c, other)
		e = last(3+i, capability.Unchanged)
		if e.HasOld() {
			t.Errorf("Unchanged, because of %s, has an Old", other.GetName())
		}
		same(t, "the object because of "+other.GetName(), e.Object, now)
	}

	was = now.DeepCopy()
	edit(t, c, now, func(o *corev1.ConfigMap) { o.Labels = nil })
	e = last(5, modified) // it carries the finalizer: it is the binding's until it is gone
	same(t, "Old of what matches no more", e.Old, was)
	if cm, found := reader.Get(ns, "o"); !found || len(cm.Labels) > 0 || reader.Len() != 1 {
		t.Errorf("what matches no more and carries the finalizer is not in the reader: %v, %v", found, cm)
	}
	must(t, c.Delete(t.Context(), now))
	waitUntil(t, "clean-ups that failed", func() bool { return len(f.cleaned.of("o")) >= 3 })
	for _, e := range f.cleaned.of("o")[:3] {
		if e.Type != modified || !e.HasOld() || e.Object.DeletionTimestamp == nil {
			t.Fatalf("the clean-up was called with %s, Old %v, deletion at %v", e.Type, e.HasOld(), e.Object.DeletionTimestamp)
		}
		same(t, "Old of the clean-up", e.Old, now)
	}
	if cm, found := reader.Get(ns, "o"); !found || cm.DeletionTimestamp == nil {
		t.Error("the reader does not have what is being deleted as it is")
	}
	close(let)
	waitGone(t, c, ns, "o")
	waitUntil(t, "the reader is empty", func() bool { return reader.Len() == 0 })
	must(t, c.Delete(t.Context(), owned))
	must(t, c.Delete(t.Context(), used))
	p.idle(t)
	waitUntil(t, "the streams know nothing", func() bool { return p.metric(t, "ancho_stream_objects") == 0 })
	p.keepsNothing(t, "configmaps")
}
