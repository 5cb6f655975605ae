//go:build e2e

package e2e

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// rights are what a user may do with ConfigMaps: in a namespace, in all ("*"), or with one object of one.
type rights struct {
	user, namespace, name string
	verbs                 []string
}

func (r rights) meta() metav1.ObjectMeta {
	m := metav1.ObjectMeta{Name: strings.Join(append([]string{r.user, "of", r.namespace}, r.verbs...), "-")}
	if r.namespace == "*" {
		m.Name = strings.ReplaceAll(m.Name, "*", "all")
		return m
	}
	m.Namespace = r.namespace
	return m
}

// objects are what gives the rights: the role, and what binds it.
func (r rights) objects() (role, binding client.Object) {
	rule := rbacv1.PolicyRule{Verbs: r.verbs, APIGroups: []string{""}, Resources: []string{"configmaps"}}
	if r.name != "" {
		rule.ResourceNames = []string{r.name}
	}
	subjects := []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: r.user}}
	m, ref := r.meta(), rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: r.meta().Name}
	if r.namespace == "*" {
		ref.Kind = "ClusterRole"
		return &rbacv1.ClusterRole{ObjectMeta: m, Rules: []rbacv1.PolicyRule{rule}},
			&rbacv1.ClusterRoleBinding{ObjectMeta: m, Subjects: subjects, RoleRef: ref}
	}
	return &rbacv1.Role{ObjectMeta: m, Rules: []rbacv1.PolicyRule{rule}},
		&rbacv1.RoleBinding{ObjectMeta: m, Subjects: subjects, RoleRef: ref}
}

// ask says whether the server lets the user do it, now.
func (r rights) ask(ctx context.Context, c client.Client, verb string) (bool, error) {
	o := configMap(r.namespace, r.name)
	if r.namespace == "*" {
		o.Namespace = ""
	}
	var err error
	if verb == "get" {
		if o.Name == "" {
			o.Name = "whatever"
		}
		err = client.IgnoreNotFound(c.Get(ctx, keyOf(o), o))
	} else { // the others go together
		err = c.List(ctx, &corev1.ConfigMapList{}, client.InNamespace(o.Namespace), client.Limit(1))
	}
	if apierrors.IsForbidden(err) {
		return false, nil
	}
	return err == nil, err
}

// give gives the rights, and waits until the server knows: it learns of them through watches of its own.
func (r rights) give(t *testing.T, admin, user client.Client) {
	t.Helper()
	role, binding := r.objects()
	create(t, admin, role, binding)
	t.Cleanup(func() { // the server is shared, and the next run begins without rights
		err := errors.Join(admin.Delete(context.Background(), binding), admin.Delete(context.Background(), role))
		if err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	})
	r.await(t, user, true)
}

// take takes the rights, and waits until the server knows. What is open stays open.
func (r rights) take(t *testing.T, admin, user client.Client) {
	t.Helper()
	role, binding := r.objects()
	must(t, admin.Delete(t.Context(), binding))
	must(t, admin.Delete(t.Context(), role))
	r.await(t, user, false)
}

func (r rights) await(t *testing.T, user client.Client, want bool) {
	t.Helper()
	if !slices.Contains(r.verbs, "get") && (r.name != "" || !slices.Contains(r.verbs, "list")) {
		return // cannot be asked for like this
	}
	verb := "list"
	if !slices.Contains(r.verbs, verb) {
		verb = "get"
	}
	waitUntil(t, "the server knows of the rights", func() bool {
		may, err := r.ask(t.Context(), user, verb)
		must(t, err)
		return may == want
	})
}

// somebody is a user without rights.
func somebody(t *testing.T, name string) (*rest.Config, client.Client) {
	t.Helper()
	cfg, err := cluster(t).User(name)
	must(t, err)
	return cfg, newClient(t, cfg)
}

var reads = []string{"get", "list", "watch"}

// TestRightsTakenAndGiven: what is known is kept, nothing is told to be deleted, and the difference is told in the end.
func TestRightsTakenAndGiven(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	ns := newNamespace(t, c)
	cfg, user := somebody(t, "revoked")
	r := rights{user: "revoked", namespace: ns, verbs: reads}
	r.give(t, c, user)
	create(t, c, configMap(ns, "kept"), configMap(ns, "changed"), configMap(ns, "gone"), configMap(ns, "again"))
	cfg, proxy := proxied(t, cfg, 0)
	cfg, spy := spied(cfg)
	seen := &witnesses{}
	p := run(t, cfg, runtime.Options{}, seen.bindings(capability.When(kind.ConfigMap).InNamespace(ns))...)
	p.ready(t)
	seen.settle(t, c, ns)

	before := seen.counts()
	r.take(t, c, user)
	// A watch outlives the rights it was opened with.
	changed := configMap(ns, "changed")
	must(t, c.Get(t.Context(), keyOf(changed), changed))
	edit(t, c, changed, func(o *corev1.ConfigMap) { o.Data = map[string]string{"k": "1"} })
	seen.settle(t, c, ns)
	proxy.drop()
	p.waitBlocked(t, "/api/v1/namespaces/"+ns+"/configmaps", "forbidden", `verb "watch"`, `resource "configmaps"`, `namespace "`+ns+`"`)
	edit(t, c, changed, func(o *corev1.ConfigMap) { o.Data = map[string]string{"k": "2"} })
	must(t, c.Delete(t.Context(), configMap(ns, "gone")))
	must(t, c.Delete(t.Context(), configMap(ns, "again")))
	create(t, c, configMap(ns, "again"), configMap(ns, "new"))
	for binding, r := range seen.all() {
		for _, one := range r.list()[before[binding]:] {
			if one.Object.Name != "changed" {
				t.Errorf("%s: %s of %s without the right to know", binding, one.Type, one.Object.Name)
			}
		}
	}
	if text := p.text("/healthz"); p.probe("/healthz") != 200 {
		t.Errorf("/healthz: %s", text)
	}

	requests := len(spy.gets("/configmaps"))
	r.give(t, c, user)
	p.unblocked(t)
	seen.settle(t, c, ns)
	for binding := range seen.all() {
		seen.wantSince(t, before, binding, map[string]string{"changed": "Modified, Modified", "gone": "Deleted", "again": "Deleted, Added", "new": "Added"})
	}
	for _, r := range spy.gets("/configmaps")[requests:] {
		if strings.Contains(r.query, "sendInitialEvents") || !strings.Contains(r.query, "resourceVersion=") {
			t.Errorf("did not resume: %s", r.query)
		}
	}
}

// TestGetForbidden: what left a label's selection cannot be told from what was deleted, if it may neither be
// read nor listed. That object alone waits.
func TestGetForbidden(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	ns := newNamespace(t, c)
	cfg, user := somebody(t, "getless")
	rights{user: "getless", namespace: ns, verbs: []string{"watch"}}.give(t, c, user)
	seen := &calls[*corev1.ConfigMap]{}
	p := run(t, cfg, runtime.Options{},
		capability.When(kind.ConfigMap).InNamespace(ns).WithLabel("in").IsCreatedOrUpdated().IsDeleted().HasLeft().Reconcile(seen.handle))
	p.ready(t)
	in := map[string]string{"in": ""}
	leaver, other := labelled(ns, "leaver", in), labelled(ns, "other", in)
	create(t, c, leaver, other)
	seen.waitType(t, "leaver", added)
	edit(t, c, leaver, func(o *corev1.ConfigMap) { o.Labels = nil })
	waitUntil(t, "the log says what waits, and why", func() bool {
		for l := range strings.Lines(p.log.String()) {
			if strings.Contains(l, ns+"/leaver") && strings.Contains(l, "needs the verb get") && strings.Contains(l, "forbidden") {
				return true
			}
		}
		return false
	})
	edit(t, c, other, func(o *corev1.ConfigMap) { o.Data = map[string]string{"k": "v"} })
	seen.waitType(t, "other", modified)
	seen.wantTypes(t, "leaver", added)
	if p.probe("/readyz?strict=1") != 200 {
		t.Errorf("not ready because of one object:\n%s", p.text("/readyz"))
	}
	rights{user: "getless", namespace: ns, verbs: []string{"get"}}.give(t, c, user)
	if left := seen.waitType(t, "leaver", hasLeft); left.Object.UID != leaver.UID {
		t.Errorf("Left is of %s", left.Object.UID)
	}
	seen.wantTypes(t, "leaver", added, hasLeft)
}

// TestOneNameOnly: a right for one object is enough for a binding on its name, whatever a wider binding is refused.
func TestOneNameOnly(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	ns := newNamespace(t, c)
	cfg, user := somebody(t, "one-name")
	rights{user: "one-name", namespace: ns, name: "mine", verbs: []string{"watch"}}.give(t, c, user)
	var mine, all calls[*corev1.ConfigMap]
	maps := capability.When(kind.ConfigMap).InNamespace(ns).IsCreatedOrUpdated().IsDeleted()
	p := run(t, cfg, runtime.Options{},
		maps.WithName("mine").Alias("mine").Reconcile(mine.handle),
		maps.Alias("all").Reconcile(all.handle))
	p.waitBlocked(t, "/api/v1/namespaces/"+ns+"/configmaps", "forbidden", `resource "configmaps"`)
	o := configMap(ns, "mine")
	create(t, c, configMap(ns, "not-mine"), o)
	mine.waitType(t, "mine", added)
	edit(t, c, o, func(o *corev1.ConfigMap) { o.Data = map[string]string{"k": "v"} })
	mine.waitType(t, "mine", modified)
	must(t, c.Delete(t.Context(), o))
	mine.waitType(t, "mine", deleted)
	mine.wantTypes(t, "mine", added, modified, deleted)
	mine.wantTypes(t, "not-mine")
	all.wantTypes(t, "mine")
	if n := p.metric(t, "ancho_streams"); n != 2 {
		t.Errorf("%v streams, want the refused one and one of its own", n)
	}
}
