package examples

import (
	"slices"
	"testing"
	"testing/synctest"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// reader is a Deployment whose Pods read a ConfigMap.
func reader(name, config string) *appsv1.Deployment {
	d := &appsv1.Deployment{ObjectMeta: named(name)}
	labels := map[string]string{"app": name}
	d.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	d.Spec.Template.Labels = labels
	d.Spec.Template.Spec.Containers = []corev1.Container{{
		Name: "main", Image: "main",
		EnvFrom: []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: config}}}},
	}}
	return d
}

// since are the causes of the calls of a binding after the first n: by which way they came.
func since(c *anchotest.Cluster, binding string, n int) []capability.Via {
	var out []capability.Via
	for _, call := range c.Calls(binding)[n:] {
		for _, cause := range call.Causes {
			out = append(out, cause.Via)
		}
	}
	return out
}

// What a Deployment owns is put right, and what it uses has it looked at again.
func TestBudgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const binding = "budgets/deployments"
		c := anchotest.Run(t, (&Budgets{}).Capability)
		c.Create(reader("web", "settings"), reader("api", "other"))
		c.Settle()

		n := len(c.Calls(binding))
		c.Delete(&policyv1.PodDisruptionBudget{ObjectMeta: named("web")})
		c.Settle()
		if _, there := anchotest.Find(c, kind.PodDisruptionBudget, "shop", "web"); !there {
			t.Error("the budget was not put back")
		}
		if via := since(c, binding, n); !slices.Contains(via, capability.ViaOwned) {
			t.Errorf("called by %v, want by what it owns", via)
		}

		n = len(c.Calls(binding))
		c.Create(&corev1.ConfigMap{ObjectMeta: named("settings")})
		c.Settle()
		calls := c.Calls(binding)[n:]
		if len(calls) != 1 || calls[0].Name != "web" || calls[0].Causes[0].Via != capability.ViaUsed {
			t.Errorf("called with %+v, want web alone, by what it uses", calls)
		}
	})
}

// A Pod that goes to another Node wakes both.
func TestNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const binding = "budgets/nodes"
		c := anchotest.Run(t, (&Budgets{}).Capability)
		for _, name := range []string{"one", "two", "three"} {
			c.Create(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}})
		}
		pod := webPod("a")
		pod.Spec.NodeName = "one"
		c.Create(pod)
		c.Settle()
		n := len(c.Calls(binding))
		pod = anchotest.Get(c, kind.Pod, "shop", "a")
		pod.Status.Phase = corev1.PodRunning
		c.UpdateStatus(pod)
		c.Settle()
		if more := c.Calls(binding)[n:]; len(more) > 0 {
			t.Errorf("called because of a Pod's status: %+v", more)
		}
		c.Delete(webPod("a"))
		pod = webPod("a")
		pod.Spec.NodeName = "two"
		c.Create(pod)
		c.Settle()
		var woken []string
		for _, call := range c.Calls(binding)[n:] {
			woken = append(woken, call.Name)
		}
		slices.Sort(woken)
		if !slices.Equal(woken, []string{"one", "two"}) {
			t.Errorf("woken: %q, want one and two", woken)
		}
	})
}
