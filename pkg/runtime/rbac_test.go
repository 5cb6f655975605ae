package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

func ignoreNamespace(context.Context, capability.Event[*corev1.Namespace]) error { return nil }
func noNames[T any](T) []types.NamespacedName                                    { return nil }

func TestRBACRules(t *testing.T) {
	maps, pods, spaces := capability.When(kind.ConfigMap), capability.When(kind.Pod), capability.When(kind.Namespace)
	inA := maps.InNamespace("a")
	type bindings []capability.Binding
	for name, c := range map[string]struct {
		of   bindings
		want []string
	}{
		"whole cluster":  {bindings{maps.Watch(ignoreMap)}, []string{": list,watch /configmaps"}},
		"cluster-scoped": {bindings{spaces.WithLabel("x").Reconcile(ignoreNamespace)}, []string{": list,watch /namespaces"}},
		"two namespaces": {bindings{maps.InNamespace("b", "a").Watch(ignoreMap)}, []string{"a: list,watch /configmaps", "b: list,watch /configmaps"}},
		"several namespaces on one stream": {
			bindings{maps.InNamespace("b", "a").Wide().Watch(ignoreMap)},
			[]string{": list,watch /configmaps"},
		},
		"names":       {bindings{inA.WithName("n", "m").Watch(ignoreMap)}, []string{"a: list,watch /configmaps[m,n]"}},
		"wide name":   {bindings{maps.WithName("n").Watch(ignoreMap)}, []string{": list,watch /configmaps[n]"}},
		"name, field": {bindings{pods.WithName("n").WithField("spec.nodeName", "w").Watch(ignorePod)}, []string{": list,watch /pods[n]"}},
		"wider takes the narrow in": {
			bindings{inA.WithName("n").Alias("1").Watch(ignoreMap), inA.Alias("2").Watch(ignoreMap), maps.InNamespace("b").Alias("3").Watch(ignoreMap)},
			[]string{"a: list,watch /configmaps", "b: list,watch /configmaps"},
		},
		"the cluster takes all in": {
			bindings{inA.WithName("n").Alias("1").Watch(ignoreMap), inA.Alias("2").Watch(ignoreMap), maps.WithLabel("x").Alias("3").Watch(ignoreMap)},
			[]string{": list,watch /configmaps"},
		},
		"left of a label":       {bindings{inA.WithLabel("x").HasLeft().Watch(ignoreMap)}, []string{"a: get,list,watch /configmaps"}},
		"deleted of a label":    {bindings{inA.WithLabel("x").IsDeleted().Watch(ignoreMap)}, []string{"a: get,list,watch /configmaps"}},
		"present of a label":    {bindings{inA.WithLabel("x").Watch(ignoreMap)}, []string{"a: list,watch /configmaps"}},
		"deleted of a name":     {bindings{inA.WithName("n").IsDeleted().Watch(ignoreMap)}, []string{"a: list,watch /configmaps[n]"}},
		"left of an annotation": {bindings{inA.WithAnnotation("x").HasLeft().Watch(ignoreMap)}, []string{"a: list,watch /configmaps"}},
		"left, on a wider stream that tells": {
			bindings{inA.WithLabel("x").HasLeft().Alias("1").Watch(ignoreMap), inA.Alias("2").Watch(ignoreMap)},
			[]string{"a: list,watch /configmaps"},
		},
		"finalizer": {
			bindings{inA.WithLabel("x").Reconcile(ignoreMap).Finalize("example.com/f", ignoreMap)},
			[]string{"a: get,list,watch,patch /configmaps"},
		},
		"finalizer of a name": {
			bindings{inA.WithName("n").Reconcile(ignoreMap).Finalize("example.com/f", ignoreMap)},
			[]string{"a: get,list,watch,patch /configmaps[n]"},
		},
		"finalizer beside a wider binding": {
			bindings{inA.WithName("n").Alias("1").Reconcile(ignoreMap).Finalize("example.com/f", ignoreMap), inA.Alias("2").Watch(ignoreMap)},
			[]string{"a: list,watch /configmaps", "a: get,patch /configmaps[n]"},
		},
		"owned": {
			bindings{inA.Owns(kind.Deployment, kind.Pod).Reconcile(ignoreMap)},
			[]string{"a: get,list,watch /configmaps", "a: list,watch /pods", "a: list,watch apps/deployments"},
		},
		"used and mapped": {
			bindings{maps.Uses(kind.Secret, noNames).TriggeredBy(capability.Mapped(pods.InNamespace("p"), noNames)).Reconcile(ignoreMap)},
			[]string{": get,list,watch /configmaps", ": list,watch /secrets", "p: list,watch /pods"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := summary(rbacOf(t, types.NamespacedName{}, c.of...)); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Kubernetes Events are written beside their objects, and in "default" about those without a namespace.
func TestRBACEvents(t *testing.T) {
	r := rbacOf(t, types.NamespacedName{},
		capability.When(kind.ConfigMap).InNamespace("a").Watch(ignoreMap), capability.When(kind.Namespace).Reconcile(ignoreNamespace))
	for ns, want := range map[string]bool{"a": true, "default": true, "b": false} {
		for _, verb := range []string{"create", "patch"} {
			if got := allowed(r.Objects(), attempt{verb, ns, "events.k8s.io", "events", ""}); got != want {
				t.Errorf("%s Events in %s: %t, want %t", verb, ns, got, want)
			}
		}
	}
}

func TestRBACLease(t *testing.T) {
	r := rbacOf(t, types.NamespacedName{Namespace: "system", Name: "lock"}, capability.When(kind.ConfigMap).InNamespace("a").Watch(ignoreMap))
	want := []string{"a: list,watch /configmaps", "system: create coordination.k8s.io/leases", "system: get,list,watch,update coordination.k8s.io/leases[lock]"}
	if got := summary(r); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !allowed(r.Objects(), attempt{"create", "system", "events.k8s.io", "events", ""}) {
		t.Error("who leads cannot be told in an Event")
	}
}

func TestRBACBindsTheAccount(t *testing.T) {
	r := rbacOf(t, types.NamespacedName{},
		capability.When(kind.ConfigMap).InNamespace("a").Watch(ignoreMap), capability.When(kind.Namespace).Reconcile(ignoreNamespace))
	roles, bound := map[string]bool{}, map[string]bool{}
	for _, o := range r.Objects() {
		var ref rbacv1.RoleRef
		var to []rbacv1.Subject
		switch o := o.(type) {
		case *rbacv1.RoleBinding:
			ref, to = o.RoleRef, o.Subjects
		case *rbacv1.ClusterRoleBinding:
			ref, to = o.RoleRef, o.Subjects
		default:
			roles[o.GetObjectKind().GroupVersionKind().Kind+" "+o.GetNamespace()+"/"+o.GetName()] = true
			continue
		}
		bound[ref.Kind+" "+o.GetNamespace()+"/"+ref.Name] = true
		if len(to) != 1 || to[0] != (rbacv1.Subject{Kind: "ServiceAccount", Namespace: someAccount.Namespace, Name: someAccount.Name}) {
			t.Errorf("%s is bound to %v", ref.Name, to)
		}
	}
	for _, want := range []string{"ClusterRole /system:robot", "Role a/robot", "Role default/robot"} {
		if !roles[want] || !bound[want] {
			t.Errorf("%s: made %t, bound %t", want, roles[want], bound[want])
		}
	}
}

func TestRBACPrints(t *testing.T) {
	r := rbacOf(t, types.NamespacedName{}, capability.When(kind.ConfigMap).InNamespace("a").WithLabel("x").HasLeft().Reconcile(ignoreMap))
	var text, list bytes.Buffer
	if err := r.WriteYAML(&text); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteJSON(&list); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# get to tell Left from Deleted: c/configmaps\n# list, watch: c/configmaps\n- apiGroups:\n  - \"\"\n", "ServiceAccount system/robot"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the YAML lacks %q:\n%s", want, text.String())
		}
	}
	var items struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(list.Bytes(), &items); err != nil {
		t.Fatal(err)
	}
	documents := strings.Split(text.String(), "---\n")[1:]
	if len(documents) != len(items.Items) || len(documents) != 2 {
		t.Fatalf("%d documents and %d items, want 2 each", len(documents), len(items.Items))
	}
	for i, d := range documents { // the same, whichever way they are printed
		var role rbacv1.Role
		if err := yaml.UnmarshalStrict([]byte(d), &role); i == 0 && err != nil {
			t.Fatal(err)
		}
		asJSON, err := yaml.YAMLToJSON([]byte(d))
		if err != nil {
			t.Fatal(err)
		}
		var want, got any
		if err := json.Unmarshal(asJSON, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(items.Items[i], &got); err != nil {
			t.Fatal(err)
		}
		a, _ := json.Marshal(want) //nolint:errchkjson // it was JSON
		b, _ := json.Marshal(got)  //nolint:errchkjson // it was JSON
		if !bytes.Equal(a, b) {
			t.Errorf("document %d: YAML says %s, JSON %s", i, a, b)
		}
	}
}

func TestRBACRefuses(t *testing.T) {
	good := oneCapability(capability.When(kind.ConfigMap).Reconcile(ignoreMap))
	for name, c := range map[string]struct {
		o    Options
		r    RBACOptions
		says []string
	}{
		"no account":     {good, RBACOptions{}, []string{"the namespace \"\" of the ServiceAccount", "the name \"\" of the ServiceAccount"}},
		"bad name":       {good, RBACOptions{ServiceAccount: types.NamespacedName{Namespace: "a", Name: "A_b"}}, []string{`the name "A_b" of the ServiceAccount`}},
		"half a lease":   {good, RBACOptions{ServiceAccount: someAccount, Lease: types.NamespacedName{Name: "l"}}, []string{`the namespace "" of the Lease`}},
		"no declaration": {Options{}, RBACOptions{ServiceAccount: someAccount}, []string{"no capability"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := RBACFor(c.o, c.r)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
		})
	}
}
