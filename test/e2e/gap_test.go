//go:build e2e

package e2e

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// TestWhatIsFoundAfterAGap: of objects that went while nobody could watch and whose history is lost, the owner, the user and
// the one they map to are woken, and a binding with Cached is told the last state.
func TestWhatIsFoundAfterAGap(t *testing.T) {
	t.Parallel()
	env := ownCluster(t, testenv.Options{})
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	cfg, proxy := proxied(t, env.Config, 0)
	var owner, user, mapped calls[*corev1.ConfigMap]
	var cached calls[*corev1.Secret]
	var reader capability.Reader[*corev1.Secret]
	maps := capability.When(kind.ConfigMap).InNamespace(ns)
	to := func(name string) []types.NamespacedName { return []types.NamespacedName{{Namespace: ns, Name: name}} }
	p := run(t, cfg, runtime.Options{},
		maps.WithName("owner").Owns(kind.Secret).Alias("owner").Reconcile(owner.handle),
		maps.WithName("user").Uses(kind.Secret, func(o *corev1.ConfigMap) []types.NamespacedName { return to(o.Data["secret"]) }).Alias("user").Reconcile(user.handle),
		maps.WithName("mapped").TriggeredBy(capability.Mapped(capability.When(kind.Secret).InNamespace(ns), func(s *corev1.Secret) []types.NamespacedName {
			return to(string(s.Data["for"]))
		})).Alias("mapped").Reconcile(mapped.handle),
		capability.When(kind.Secret).InNamespace(ns).IsCreatedOrUpdated().IsDeleted().Cached(&reader).Alias("cached").Watch(cached.handle),
	)
	p.ready(t)
	names := []string{"owner", "user", "mapped"}
	create(t, c, configMap(ns, "owner"), configMap(ns, "user", "secret", "s"), configMap(ns, "mapped"))
	own := configMap(ns, "owner")
	must(t, c.Get(t.Context(), keyOf(own), own))
	s := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "s", OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(own, corev1.SchemeGroupVersion.WithKind("ConfigMap"))}},
		Data:       map[string][]byte{"for": []byte("mapped")},
	}
	for i, r := range []*calls[*corev1.ConfigMap]{&owner, &user, &mapped} {
		r.waitType(t, names[i], added)
	}
	create(t, c, s)
	for i, r := range []*calls[*corev1.ConfigMap]{&owner, &user, &mapped} {
		if e := r.waitType(t, names[i], capability.Unchanged); len(e.Causes) != 1 || e.Causes[0].Name != ns+"/s" || e.Causes[0].Type != added {
			t.Errorf("%s was woken by %+v", names[i], e.Causes)
		}
	}
	cached.waitType(t, "s", added)
	if got, ok := reader.Get(ns, "s"); !ok || string(got.Data["for"]) != "mapped" || !reader.Synced() || reader.Len() != 1 {
		t.Errorf("the reader has %v of %d, synced %v", ok, reader.Len(), reader.Synced())
	}

	p.cutOff(t, proxy)
	must(t, c.Delete(t.Context(), s))
	crash(t, env, c)
	must(t, env.Compact())
	must(t, env.StartAPIServer())
	proxy.restore(t)
	p.ready(t)
	gone := cached.waitType(t, "s", deleted)
	if gone.Partial || string(gone.Object.Data["for"]) != "mapped" {
		t.Errorf("Deleted carries %v, partial %v; want the last state", gone.Object.Data, gone.Partial)
	}
	for i, r := range []*calls[*corev1.ConfigMap]{&owner, &user, &mapped} {
		waitUntil(t, names[i]+" is woken again", func() bool { return len(r.of(names[i])) >= 3 })
		last := r.of(names[i])[2]
		if last.Type != capability.Unchanged || len(last.Causes) != 1 || last.Causes[0].Type != deleted {
			t.Errorf("%s was called with %s, woken by %+v", names[i], last.Type, last.Causes)
		}
	}
	if reader.Len() != 0 {
		t.Errorf("the reader still has %d", reader.Len())
	}
	if n := p.metric(t, "ancho_stream_relists_total", "reason", "expired"); n == 0 {
		t.Error("the history was not lost, so that this test shows nothing")
	}
}
