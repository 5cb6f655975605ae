//go:build e2e

package machine

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// onWire notes what was asked for and what came.
type onWire struct {
	next http.RoundTripper
	mu   sync.Mutex
	seen []string
}

func (a *onWire) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := a.next.RoundTrip(r)
	if err == nil {
		what := "watch"
		if r.URL.Query().Has("sendInitialEvents") {
			what = "snapshot"
		}
		a.mu.Lock()
		a.seen = append(a.seen, what+" "+resp.Header.Get("Content-Encoding"))
		a.mu.Unlock()
	}
	return resp, err
}

func (a *onWire) take() []string { return take(&a.mu, &a.seen) }

// A real server sends the snapshot compressed, and the changes not.
func TestCompressionOnAServer(t *testing.T) {
	p := newPlane(t)
	const many = largeSnapshot + 100
	var wg sync.WaitGroup
	for part := range 10 {
		wg.Go(func() {
			for i := part; i < many; i += 10 {
				_, err := p.maps.Create(context.Background(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("c", i)}}, metav1.CreateOptions{})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	wire := &onWire{}
	cfg := rest.CopyConfig(p.Config)
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper { wire.next = next; return wire })
	server, err := apiclient.NewServer(cfg)
	p.must(err)
	w := newWorld()
	w.runOn(t, server, apiclient.Target{Resource: configMaps, Namespace: "default"})
	w.until(t, "all are there, and the changes are watched", func() bool { return len(w.objects) >= many && w.state.Phase == report.Streaming })
	p.must(p.maps.Delete(context.Background(), "c1", metav1.DeleteOptions{}))
	w.until(t, "the change is seen", func() bool { _, there := w.objects["c1"]; return !there })
	if got := wire.take(); !slices.Equal(got, []string{"snapshot gzip", "watch "}) {
		t.Errorf("answers: %q", got)
	}

	few := newWorld()
	few.runOn(t, server, apiclient.Target{Resource: configMaps, Namespace: "default", Fields: "metadata.name=c2"})
	few.until(t, "one is there", func() bool { return len(few.objects) == 1 && few.state.Synced })
	p.must(p.maps.Delete(context.Background(), "c2", metav1.DeleteOptions{}))
	few.until(t, "the change of the one is seen", func() bool { return len(few.objects) == 0 })
	if got := wire.take(); !slices.Equal(got, []string{"snapshot gzip"}) {
		t.Errorf("answers for one object: %q", got)
	}
}
