package examples

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// The Reader follows what there is.
func TestInventory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var i Inventory
		ask := func() (int, string) {
			w := httptest.NewRecorder()
			i.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?node=one", http.NoBody))
			return w.Code, w.Body.String()
		}
		if code, _ := ask(); code != http.StatusServiceUnavailable {
			t.Errorf("%d before the program runs", code)
		}
		c := anchotest.Run(t, i.Capability)
		for name, node := range map[string]string{"a": "one", "b": "two"} {
			p := webPod(name)
			p.Spec.NodeName = node
			c.Create(p)
		}
		c.Settle()
		if code, body := ask(); code != http.StatusOK || body != "a\n" {
			t.Errorf("%d %q, want a", code, body)
		}
		p := anchotest.Get(c, kind.Pod, "shop", "a")
		p.Status.Phase = corev1.PodRunning
		c.UpdateStatus(p)
		c.Delete(p)
		c.Settle()
		if _, body := ask(); body != "" {
			t.Errorf("%q, want nothing", body)
		}
		if n := len(c.Calls("inventory/pods")); n != 2 {
			t.Errorf("%d calls, want 2", n)
		}
	})
}
