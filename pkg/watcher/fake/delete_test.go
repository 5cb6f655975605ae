package fake

import (
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

func TestDelete(t *testing.T) {
	c := newScript(t)
	c.del(cmaps+"/a").refused(404, `configmaps "a" not found`)
	a := c.post(cmaps, configMap("a", "")).ok(201)
	g := c.del(cmaps + "/a")
	g.gone()
	if d := g.status.Details; d.Name != "a" || d.Kind != "configmaps" || d.UID != a.is.GetUID() {
		t.Errorf("the Status says %+v", d)
	}
	c.post(gizmos, gizmoNamed("g", "", "")).ok(201)
	c.del(gizmos + "/g").gone()
	// Some built-in kinds answer with the object, under the resourceVersion of the deletion.
	const pods = "/api/v1/namespaces/default/pods"
	p := c.post(pods, `{"metadata":{"name":"p"}}`).ok(201)
	if d := c.del(pods + "/p").ok(200); d.is.rv <= p.is.rv {
		t.Errorf("deleted at %d, after %d", d.is.rv, p.is.rv)
	}
	c.history(cmaps, "AD")
	c.history(gizmos, "AD")
	c.history(pods, "AD")
}

func TestDeleteWithFinalizers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newScript(t)
		c.post(gizmos, gizmoNamed("g", `,"finalizers":["example.com/a","example.com/b"]`, "")).ok(201)
		a := c.del(gizmos+"/g").ok(200).
			has("metadata/deletionTimestamp", "2000-01-01T00:00:00Z").has("metadata/deletionGracePeriodSeconds", "0").
			has("metadata/generation", "2")
		time.Sleep(time.Minute) // virtual
		if b := c.del(gizmos + "/g").ok(200); b.rv() != a.rv() {
			t.Error("a second deletion is a change")
		}
		// Finalizers can go, but not come.
		c.merge(gizmos+"/g", `{"metadata":{"finalizers":["example.com/a","example.com/c"]}}`).refused(422, "no new finalizers can be added")
		c.merge(gizmos+"/g", `{"metadata":{"finalizers":["example.com/a"]}}`).ok(200)
		c.merge(gizmos+"/g", `{"metadata":{"deletionTimestamp":null}}`).ok(200).has("metadata/deletionTimestamp", "2000-01-01T00:00:00Z")
		last := c.merge(gizmos+"/g", `{"metadata":{"finalizers":null}}`).ok(200).has("metadata/finalizers", "<nil>")
		c.del(gizmos+"/g").refused(404, "not found")
		c.history(gizmos, "AMMD")
		log := c.s.store.collections[gizmo.Resource().GVR().GroupResource()].log
		if end := log[len(log)-1]; end.rv <= last.is.rv || len(end.was.GetFinalizers()) != 1 {
			t.Errorf("deleted at %d with finalizers %v, after %d", end.rv, end.was.GetFinalizers(), last.is.rv)
		}
	})
}

func TestDeletePreconditions(t *testing.T) {
	c := newScript(t)
	a := c.post(cmaps, configMap("a", "")).ok(201)
	c.send("DELETE", cmaps+"/a", `{"preconditions":{"uid":"x"}}`).refused(409, "the UID in the precondition (x)")
	c.send("DELETE", cmaps+"/a", `{"preconditions":{"resourceVersion":"1"}}`).refused(409, "the ResourceVersion in the precondition (1)")
	c.send("DELETE", cmaps+"/a", "preconditions:\n  uid: x\n", "Content-Type", "application/yaml").refused(409, "UID")
	c.send("DELETE", cmaps+"/a", "{").refused(400, "DeleteOptions")
	c.send("DELETE", cmaps+"/a", "x", "Content-Type", "text/plain").refused(415, "accepted")
	// Typed clients of built-in kinds send protobuf.
	uid := a.is.GetUID()
	o := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}, DryRun: []string{"All"}}
	send := func() got {
		raw, err := o.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		body, err := (&runtime.Unknown{Raw: raw}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return c.send("DELETE", cmaps+"/a", "k8s\x00"+string(body), "Content-Type", "application/vnd.kubernetes.protobuf")
	}
	send().gone()
	c.history(cmaps, "A")
	o.DryRun = nil
	send().gone()
	c.history(cmaps, "AD")
}

func TestDeleteCollection(t *testing.T) {
	c := newScript(t)
	c.post(spaces, `{"metadata":{"name":"other"}}`).ok(201)
	other := "/api/v1/namespaces/other/configmaps"
	c.post(other, `{"metadata":{"name":"a","labels":{"l":"1"}}}`).ok(201)
	for name, label := range map[string]string{"a": "1", "b": "2", "c": "1"} {
		c.post(cmaps, `{"metadata":{"name":"`+name+`","labels":{"l":"`+label+`"}}}`).ok(201)
	}
	g := c.del(cmaps+"?labelSelector=l%3D1").ok(200).has("kind", "ConfigMapList").has("apiVersion", "v1")
	if items, _, _ := unstructured.NestedSlice(g.is.Object, "items"); len(items) != 2 {
		t.Errorf("deleted %v", items)
	}
	c.del(cmaps+"/a").refused(404, "not found")
	c.del(cmaps + "/b").gone()
	c.del(other + "/a").gone()
	c.del(cmaps+"?labelSelector=%3D%3D").refused(400, "")
}

func TestDeleteNamespace(t *testing.T) {
	c := newScript(t)
	c.del(spaces+"/default").refused(403, "this namespace may not be deleted")
	c.post(spaces, `{"metadata":{"name":"n"}}`).ok(201)
	const inside = "/api/v1/namespaces/n/configmaps"
	c.post(inside, configMap("a", "")).ok(201)
	c.post(inside, `{"metadata":{"name":"b","finalizers":["example.com/f"]}}`).ok(201)

	c.del(spaces+"/n").ok(200).has("status/phase", "Terminating")
	g := c.post(inside, configMap("c", "")).refused(403, "because it is being terminated")
	if err := (&apierrors.StatusError{ErrStatus: *g.status}); !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		t.Errorf("the causes are %v", g.status.Details.Causes)
	}
	c.history(inside, "AADM")
	c.del(spaces + "/n").ok(200)
	// The last object takes the namespace with it.
	c.merge(inside+"/b", `{"metadata":{"finalizers":null}}`).ok(200)
	c.history(inside, "AADMD")
	c.history(spaces, "AAAAAMD")
	c.post(inside, configMap("c", "")).refused(404, `namespaces "n" not found`)
}

func TestDeleteNamespaceWithFinalizersOfItsOwn(t *testing.T) {
	c := newScript(t)
	c.post(spaces, `{"metadata":{"name":"n"},"spec":{"finalizers":["example.com/f"]}}`).ok(201).
		has("spec/finalizers", "[example.com/f kubernetes]")
	c.del(spaces + "/n?dryRun=All").ok(200)
	c.history(spaces, "AAAAA")
	c.del(spaces + "/n").ok(200)
	// The main path does not change these finalizers, /finalize does.
	c.merge(spaces+"/n", `{"spec":{"finalizers":null}}`).ok(200).has("spec/finalizers", "[example.com/f]")
	c.put(spaces+"/n/finalize", `{"metadata":{"name":"n"}}`).ok(200)
	c.del(spaces+"/n").refused(404, "not found")
}
