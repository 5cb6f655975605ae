package runtime

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
)

// someAccount is who gets the rights in tests.
var someAccount = types.NamespacedName{Namespace: "system", Name: "robot"}

// attempt is a request as an authorizer sees it.
type attempt struct {
	verb, namespace, group, resource, name string
}

// allowed is what the API server's RBAC authorizer says of the attempt, for the account of these objects.
func allowed(objects []client.Object, a attempt) bool {
	return slices.ContainsFunc(objects, func(o client.Object) bool {
		switch r := o.(type) {
		case *rbacv1.ClusterRole:
			return ruleAllows(r.Rules, a)
		case *rbacv1.Role:
			return r.Namespace == a.namespace && ruleAllows(r.Rules, a)
		}
		return false
	})
}

func ruleAllows(rules []rbacv1.PolicyRule, a attempt) bool {
	return slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool {
		return slices.Contains(r.Verbs, a.verb) && slices.Contains(r.APIGroups, a.group) && slices.Contains(r.Resources, a.resource) &&
			(len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, a.name))
	})
}

// attemptOf reads a stream of a plan as the API server reads a request.
func attemptOf(t interface{ Fatal(...any) }, stream, verb string) attempt {
	u, err := url.Parse(stream)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(strings.TrimPrefix(u.Path, "/"), "/")
	a := attempt{verb: verb}
	switch parts[0] {
	case "api":
		parts = parts[2:]
	case "apis":
		a.group, parts = parts[1], parts[3:]
	}
	if parts[0] == "namespaces" && len(parts) > 2 {
		a.namespace, parts = parts[1], parts[2:]
	}
	a.resource = parts[0]
	if s := u.Query().Get("fieldSelector"); s != "" {
		sel, err := fields.ParseSelector(s)
		if err != nil {
			t.Fatal(err)
		}
		a.name, _ = sel.RequiresExactMatch("metadata.name")
	}
	return a
}

func rbacOf(t *testing.T, lease types.NamespacedName, bindings ...capability.Binding) *RBAC {
	t.Helper()
	r, err := RBACFor(oneCapability(bindings...), RBACOptions{ServiceAccount: someAccount, Lease: lease})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// summary prints rules in short: "demo: get,list core/pods[web]". Those for Kubernetes Events are left out.
func summary(r *RBAC) (out []string) {
	for _, one := range r.of.Roles {
		for _, rule := range one.Rules {
			if rule.APIGroups[0] == "events.k8s.io" {
				continue
			}
			text := one.Namespace + ": " + strings.Join(rule.Verbs, ",") + " " + rule.APIGroups[0] + "/" + rule.Resources[0]
			if len(rule.ResourceNames) > 0 {
				text += "[" + strings.Join(rule.ResourceNames, ",") + "]"
			}
			out = append(out, text)
		}
	}
	return out
}
