package operator_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ancho-dev/ancho/pkg/anchotest"
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
