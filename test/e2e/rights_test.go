//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// demanding is a capability that needs every right that --rbac knows.
func demanding(ns string) capability.Func {
	return func(env capability.Env) *capability.Capability {
		ignore := func(context.Context, capability.Event[*corev1.ConfigMap]) error { return nil }
		tell := func(_ context.Context, e capability.Event[*corev1.Secret]) error {
			for range 2 { // the second is a patch of the first
				env.Recorder.Eventf(e.Object, nil, corev1.EventTypeNormal, "Seen", "See", "seen")
			}
			return nil
		}
		mapped := capability.Mapped(kind.Service, func(s *corev1.Service) []types.NamespacedName {
			return []types.NamespacedName{{Name: s.Name}}
		})
		return capability.New("demanding",
			capability.When(kind.ConfigMap).InNamespace(ns).WithLabel("in").HasLeft().Reconcile(ignore),
			capability.When(kind.Secret).InNamespace(ns).Reconcile(tell).
				Finalize("e2e.example.com/clean", func(context.Context, capability.Event[*corev1.Secret]) error { return nil }),
			capability.When(kind.ServiceAccount).InNamespace(ns).TriggeredBy(mapped).
				Reconcile(func(context.Context, capability.Event[*corev1.ServiceAccount]) error { return nil }),
		).InNamespace(ns)
	}
}

// TestRights: a program that needs every right runs with those that RBACFor gives, and is refused something without any of
// them. Only Finalize's get is left out, which it needs for conflicts alone.
func TestRights(t *testing.T) {
	env := ownCluster(t, testenv.Options{APIServerArgs: []string{"--feature-gates=WatchList=false"}})
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	who := types.NamespacedName{Namespace: ns, Name: "robot"}
	r, err := runtime.RBACFor(runtime.Options{Capabilities: []capability.Func{demanding(ns)}}, runtime.RBACOptions{ServiceAccount: who})
	must(t, err)
	objects := r.Objects()
	create(t, c, objects...)
	user := "system:serviceaccount:" + ns + ":" + who.Name
	cfg, err := env.User(user)
	must(t, err)
	role, ok := objects[0].(*rbacv1.Role)
	if !ok || len(objects) != 2 {
		t.Fatalf("%d objects, the first a %T; want a Role and its binding", len(objects), objects[0])
	}
	awaitRights(t, c, user, role.Rules, ns, "", "")

	t.Run("enough", func(t *testing.T) {
		p, g := runDemanding(t, cfg, ns)
		s := &stirrer{c: c, ns: ns}
		want := map[string]bool{}
		for _, rule := range role.Rules {
			for _, verb := range rule.Verbs {
				if verb != "get" || rule.Resources[0] != "secrets" {
					want[verb+" "+rule.Resources[0]] = true
				}
			}
		}
		waitUntil(t, "all rights were used", func() bool {
			s.stir(t)
			for _, one := range g.all() {
				delete(want, one.verb()+" "+one.rest()[0])
			}
			return len(want) == 0
		})
		if refused := g.refused(); len(refused) > 0 {
			t.Errorf("refused: %v", refused)
		}
		if code := p.probe("/readyz?strict=1"); code != http.StatusOK {
			t.Errorf("not ready:\n%s", p.text("/readyz"))
		}
	})
	for i := range role.Rules {
		for _, verb := range role.Rules[i].Verbs {
			resource := role.Rules[i].Resources[0]
			if verb == "get" && resource == "secrets" {
				continue
			}
			t.Run("without "+verb+" of "+resource, func(t *testing.T) {
				less, whole := role.DeepCopy(), role.DeepCopy()
				less.ResourceVersion, whole.ResourceVersion = "", "" // whatever it is by now
				less.Rules[i].Verbs = slices.DeleteFunc(less.Rules[i].Verbs, func(v string) bool { return v == verb })
				must(t, c.Update(t.Context(), less))
				awaitRights(t, c, user, role.Rules, ns, verb, resource)
				_, g := runDemanding(t, cfg, ns)
				s := &stirrer{c: c, ns: ns}
				waitUntil(t, "it is refused", func() bool {
					s.stir(t)
					return slices.ContainsFunc(g.refused(), func(one passed) bool { return one.verb() == verb && one.rest()[0] == resource })
				})
				must(t, c.Update(t.Context(), whole))
			})
		}
	}
}

// runDemanding runs the capability as a user; the gate lets the user's certificate through as it is.
func runDemanding(t *testing.T, cfg *rest.Config, ns string) (*program, *gate) {
	t.Helper()
	g := &gate{}
	cfg = rest.CopyConfig(cfg)
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil {
				g.note(r, resp.StatusCode)
			}
			return resp, err
		})
	})
	return run(t, cfg, runtime.Options{Capabilities: []capability.Func{demanding(ns)}}), g
}

// awaitRights waits until the server goes by the rules, of which one verb may be missing.
func awaitRights(t *testing.T, c client.Client, user string, rules []rbacv1.PolicyRule, ns, lessVerb, lessResource string) {
	t.Helper()
	for _, r := range rules {
		for _, verb := range r.Verbs {
			want := verb != lessVerb || r.Resources[0] != lessResource
			waitUntil(t, "the server knows of the rights", func() bool {
				ask := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
					User:               user,
					ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: ns, Verb: verb, Group: r.APIGroups[0], Resource: r.Resources[0]},
				}}
				must(t, c.Create(t.Context(), ask))
				return ask.Status.Allowed == want
			})
		}
	}
}

var stirred atomic.Int64

// stirrer makes changes that need every right, again and again.
type stirrer struct {
	c    client.Client
	ns   string
	last time.Time
}

func (s *stirrer) stir(t *testing.T) {
	t.Helper()
	if time.Since(s.last) < 200*time.Millisecond {
		return
	}
	s.last = time.Now()
	name := fmt.Sprintf("stirred-%d", stirred.Add(1))
	in := labelled(s.ns, name, map[string]string{"in": ""})
	meta := metav1.ObjectMeta{Namespace: s.ns, Name: name}
	create(t, s.c, in, &corev1.Secret{ObjectMeta: meta}, &corev1.ServiceAccount{ObjectMeta: meta},
		&corev1.Service{ObjectMeta: meta, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}})
	edit(t, s.c, in, func(o *corev1.ConfigMap) { o.Labels = nil })
	if strings.HasSuffix(name, "0") { // the address range is not endless
		must(t, s.c.DeleteAllOf(t.Context(), &corev1.Service{}, client.InNamespace(s.ns)))
	}
}
