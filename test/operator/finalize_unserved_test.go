package operator_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// A 404 that does not name the object, as a server sends that does not serve the resource yet, proves nothing: Ancho adds and removes
// the finalizer as soon as the resource is served again.
func TestFinalizerPatchesOutlastA404(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := anchotest.Run(t, finalizing(j, selection.OnSpecChange))
		unserved := func() *fake.Active { return c.Fault(fake.ProxyError(http.StatusNotFound), fake.Verbs("patch")) }
		f := unserved()
		c.Create(configMap("demo", "a", labelled))
		time.Sleep(time.Minute)
		j.expect(t)
		f.Stop()
		time.Sleep(2 * time.Minute) // the longest delay of what Ancho writes itself is one
		c.Settle()
		wantFinalizers(t, c, "a", mine)
		j.expect(t, "reconcile a Added "+mine)
		f = unserved()
		c.Delete(configMap("demo", "a"))
		time.Sleep(time.Minute)
		wantFinalizers(t, c, "a", mine)
		f.Stop()
		time.Sleep(2 * time.Minute) // the longest delay of what Ancho writes itself is one
		c.Settle()
		wantFinalizers(t, c, "a", "gone")
		j.expect(t, "clean a Modified "+mine)
	})
}

var widget = kind.Unstructured(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Widget"})

func newWidget(name string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetAPIVersion("example.com/v1")
	u.SetKind("Widget")
	u.SetNamespace("demo")
	u.SetName(name)
	u.SetLabels(map[string]string{"in": "yes"})
	return u
}

// widgets is a callback that writes down what it is called with.
func (j *journal) widgets(verb string) capability.Handler[*unstructured.Unstructured] {
	return func(_ context.Context, e capability.Event[*unstructured.Unstructured]) error {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.lines = append(j.lines, fmt.Sprintf("%s %s %s", verb, e.Object.GetName(), e.Type))
		return nil
	}
}

// The definition of a custom resource is removed while no watch is open. Reading the objects that carried the finalizer gives no
// answer then, for ever: their clean-up is called once the stream knows that the resource is gone.
func TestFinalizeAfterTheDefinitionIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		s := capability.When(widget).InNamespace("demo").WithLabel("in", "yes")
		c := anchotest.Run(t, capabilityOf(s.Reconcile(j.widgets("reconcile")).Finalize(mine, j.widgets("clean"))))
		c.Create(newWidget("a"), newWidget("b"))
		c.Settle()
		j.expectSet(t, "reconcile a Added", "reconcile b Added")
		down := c.Fault(fake.Refuse())
		c.Cut()
		c.Unregister(widget)
		time.Sleep(time.Minute)
		down.Stop()
		time.Sleep(time.Minute)
		j.expect(t) // the 404 has not lasted two minutes
		time.Sleep(5 * time.Minute)
		j.expectSet(t, "clean a Deleted", "clean b Deleted")
	})
}

// An object that left or was deleted is read to tell which. When its definition is removed before the server answers, it was deleted.
func TestADepartureIsDecidedWhenTheDefinitionIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		c := anchotest.Run(t, capabilityOf(capability.When(widget).InNamespace("demo").WithLabel("in", "yes").
			IsDeleted().HasLeft().Reconcile(j.widgets("reconcile"))))
		c.Create(newWidget("a"))
		c.Settle()
		silent := c.Fault(fake.ProxyError(http.StatusServiceUnavailable), fake.Verbs("get", "list"))
		c.Delete(newWidget("a"))
		c.Settle()
		j.expect(t)
		c.Cut()
		c.Unregister(widget)
		silent.Stop()
		time.Sleep(time.Minute)
		j.expect(t)
		time.Sleep(5 * time.Minute)
		j.expect(t, "reconcile a Deleted")
	})
}
