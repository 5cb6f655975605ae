package anchotest_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// NotInNamespace excludes Namespace objects by name, on the server's side and where a binding shares a wider stream.
func TestNotInNamespaceOfNamespaces(t *testing.T) {
	ignore := func(context.Context, capability.Event[*corev1.Namespace]) error { return nil }
	excluding := func(capability.Env) *capability.Capability {
		return capability.New("c", capability.When(kind.Namespace).WithNameRegex("^team-").Reconcile(ignore)).NotInNamespace("team-b")
	}
	all := func(capability.Env) *capability.Capability {
		return capability.New("all", capability.When(kind.Namespace).Watch(ignore))
	}
	for name, funcs := range map[string][]capability.Func{"own stream": {excluding}, "wider stream": {all, excluding}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := anchotest.Run(t, funcs...)
				for _, n := range []string{"team-a", "team-b", "team-c"} {
					ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: n}}
					c.Create(ns)
					c.Settle()
					ns.Labels = map[string]string{"k": "v"}
					c.Update(ns)
					c.Settle()
				}
				var got []string
				for _, call := range c.Calls("c/namespaces") {
					got = append(got, call.Name)
				}
				if want := []string{"team-a", "team-a", "team-c", "team-c"}; !slices.Equal(got, want) {
					t.Errorf("called for %v, want %v", got, want)
				}
			})
		})
	}
}
