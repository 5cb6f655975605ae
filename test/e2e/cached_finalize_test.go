//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

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
