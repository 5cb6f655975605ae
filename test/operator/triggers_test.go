package operator_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

var demo = capability.When(kind.ConfigMap).InNamespace("demo").WithLabel("in", "yes")

func secret(name string, change ...func(*corev1.Secret)) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: name}}
	for _, f := range change {
		f(s)
	}
	return s
}

// ownedBy makes an object the controlled one of a ConfigMap.
func ownedBy(owner string) func(*corev1.Secret) {
	return func(s *corev1.Secret) {
		yes := true
		s.OwnerReferences = []metav1.OwnerReference{
			{APIVersion: "v1", Kind: "Pod", Name: "b", UID: "x"},
			{APIVersion: "v1", Kind: "ConfigMap", Name: owner, UID: "y", Controller: &yes},
		}
	}
}

func updated(t *testing.T, c *anchotest.Cluster, s *corev1.Secret) {
	t.Helper()
	s.ResourceVersion = ""
	if err := c.Client.Update(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

func TestOwns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := anchotest.Start(t, anchotest.Options{
			Capabilities: []capability.Func{capabilityOf(demo.Owns(kind.Secret).Reconcile(j.as("reconcile")))},
			Objects:      []client.Object{configMap("demo", "a", labelled), configMap("demo", "b", labelled), secret("s", ownedBy("a"))},
		})
		c.Settle()
		j.expectSet(t, "reconcile a Added", "reconcile b Added") // what is there wakes nobody
		updated(t, c, secret("s", ownedBy("a"), func(s *corev1.Secret) { s.Data = map[string][]byte{"k": []byte("v")} }))
		c.Settle()
		j.expect(t, "reconcile a Unchanged (owned Secret demo/s Modified)")
		updated(t, c, secret("s", ownedBy("b")))
		c.Settle()
		j.expectSet(t, "reconcile a Unchanged (owned Secret demo/s Modified)", "reconcile b Unchanged (owned Secret demo/s Modified)")
		c.Delete(secret("s"))
		c.Settle()
		j.expect(t, "reconcile b Unchanged (owned Secret demo/s Deleted)")
		c.Create(secret("nobodys"), secret("t", ownedBy("a")))
		c.Settle()
		j.expect(t, "reconcile a Unchanged (owned Secret demo/t Added)")
		c.Create(secret("stray", ownedBy("missing")))
		c.Settle()
		j.expect(t)
		updated(t, c, secret("t")) // disowned
		c.Settle()
		j.expect(t, "reconcile a Unchanged (owned Secret demo/t Left)")
	})
}

// An owner that is not in the binding's set is not called for.
func TestOwnsOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := anchotest.Run(t, capabilityOf(demo.Owns(kind.Secret).Reconcile(j.as("reconcile"))))
		c.Create(configMap("demo", "plain"), secret("s", ownedBy("plain")))
		c.Settle()
		j.expect(t)
	})
}

// A deletion while nobody could watch wakes the owner when it is found.
func TestOwnsInAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := anchotest.Run(t, capabilityOf(demo.Owns(kind.Secret).Reconcile(j.as("reconcile"))))
		c.Create(configMap("demo", "a", labelled), secret("s", ownedBy("a")))
		c.Settle()
		j.take()
		away := c.Fault(fake.Refuse())
		c.Cut()
		c.Delete(secret("s"))
		c.Compact()
		away.Stop()
		time.Sleep(time.Minute)
		c.Settle()
		j.expect(t, "reconcile a Unchanged (owned Secret demo/s Deleted)")
	})
}

func names(n ...string) (out []types.NamespacedName) {
	for _, name := range n {
		out = append(out, types.NamespacedName{Name: name})
	}
	return out
}

func used(cm *corev1.ConfigMap) []types.NamespacedName {
	if cm.Data["secret"] == "" {
		return nil
	}
	return names(cm.Data["secret"])
}

func uses(name string) func(*corev1.ConfigMap) {
	return func(cm *corev1.ConfigMap) { cm.Data = map[string]string{"secret": name} }
}

func TestUses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := anchotest.Run(t, capabilityOf(demo.Uses(kind.Secret, used).Reconcile(j.as("reconcile"))))
		c.Create(configMap("demo", "a", labelled, uses("s")), configMap("demo", "b", labelled, uses("s")), configMap("demo", "c", labelled))
		c.Settle()
		j.expectSet(t, "reconcile a Added", "reconcile b Added", "reconcile c Added")
		c.Create(secret("s"))
		c.Settle()
		j.expectSet(t, "reconcile a Unchanged (used Secret demo/s Added)", "reconcile b Unchanged (used Secret demo/s Added)")
		edit(t, c, "a", uses("t"))
		c.Settle()
		j.expect(t, "reconcile a Modified")
		c.Delete(secret("s"))
		c.Settle()
		j.expect(t, "reconcile b Unchanged (used Secret demo/s Deleted)")
		c.Create(secret("t"))
		c.Settle()
		j.expect(t, "reconcile a Unchanged (used Secret demo/t Added)")
		c.Delete(configMap("demo", "a"))
		edit(t, c, "b", func(cm *corev1.ConfigMap) { cm.Labels, cm.Data = nil, map[string]string{"secret": "t"} })
		c.Settle()
		j.take()
		c.Delete(secret("t"))
		c.Settle()
		j.expect(t)
	})
}

func TestMapped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		source := capability.Mapped(capability.When(kind.Node).WithLabel("on"), func(n *corev1.Node) []types.NamespacedName {
			return []types.NamespacedName{{Namespace: "demo", Name: n.Annotations["for"]}, {Namespace: "elsewhere", Name: "x"}}
		})
		c := anchotest.Run(t, capabilityOf(demo.TriggeredBy(source).Reconcile(j.as("reconcile"))))
		c.Create(configMap("demo", "a", labelled), configMap("demo", "b", labelled))
		c.Settle()
		j.take()
		node := func(to string, on bool) *corev1.Node {
			n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", Annotations: map[string]string{"for": to}}}
			if on {
				n.Labels = map[string]string{"on": ""}
			}
			return n
		}
		c.Create(node("a", true))
		c.Settle()
		j.expect(t, "reconcile a Unchanged (mapped Node n Added)")
		c.Update(node("b", true))
		c.Settle()
		j.expectSet(t, "reconcile a Unchanged (mapped Node n Modified)", "reconcile b Unchanged (mapped Node n Modified)")
		c.Update(node("a", false)) // leaves the selection: what it mapped to last is woken
		c.Settle()
		j.expect(t, "reconcile b Unchanged (mapped Node n Deleted)")
		c.Update(node("a", false))
		c.Settle()
		j.expect(t)
	})
}

// A binding waits for the sources of its triggers: what changes before they are known would wake nobody.
func TestTriggersComeFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		server := fake.New()
		refused := server.Fault(fake.Status(403), fake.For(kind.Secret))
		c := anchotest.Start(t, anchotest.Options{
			Capabilities: []capability.Func{capabilityOf(demo.Owns(kind.Secret).Reconcile(j.as("reconcile")), capability.When(kind.ConfigMap).Alias("free").Reconcile(j.as("free")))},
			Objects:      []client.Object{configMap("demo", "a", labelled)},
			Server:       server,
		})
		time.Sleep(time.Minute)
		c.Settle()
		j.expect(t, "free a Added")
		refused.Stop()
		time.Sleep(time.Minute)
		c.Settle()
		j.expect(t, "reconcile a Added")
	})
}

// Wakes that come while a call runs or waits are one call.
func TestWakesAreMerged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := anchotest.Run(t, capabilityOf(demo.Owns(kind.Secret).Reconcile(j.as("reconcile"))))
		c.Create(configMap("demo", "a", labelled))
		c.Settle()
		j.take()
		j.answers("reconcile a", capability.RetryAfter(time.Minute, errors.New("no")))
		c.Create(secret("s", ownedBy("a")))
		c.Settle()
		j.expect(t, "reconcile a Unchanged (owned Secret demo/s Added)")
		j.answers("reconcile a", nil)
		c.Create(secret("t", ownedBy("a")), secret("u", ownedBy("a")))
		time.Sleep(time.Hour)
		c.Settle()
		j.expect(t, "reconcile a Unchanged (owned Secret demo/s Added) (owned Secret demo/t Added) (owned Secret demo/u Added)")
	})
}

// A call that waits for the live read of its object when the program stops is not made.
func TestStopWhileAnObjectIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := anchotest.Run(t, capabilityOf(demo.Owns(kind.Secret).Reconcile(j.as("reconcile"))))
		c.Create(configMap("demo", "a", labelled))
		c.Settle()
		j.take()
		slow := c.Fault(fake.Stall(), fake.For(kind.ConfigMap), fake.Verbs("get"))
		c.Create(secret("s", ownedBy("a")))
		c.Settle()
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			c.Stop()
		}()
		c.Settle()
		slow.Stop()
		<-stopped
		j.expect(t)
	})
}
