package runtime

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/recording"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/environment"
)

// What the streams and the clients of callbacks ask goes into the recording, and the log says so once.
func TestRecord(t *testing.T) {
	s := &stub{objects: []*corev1.ConfigMap{mapNamed("a")}, posts: make(chan string, 1)}
	var tape bytes.Buffer
	called := make(chan struct{}, 9)
	o := oneCapability(capability.When(kind.ConfigMap).Reconcile(func(context.Context, capability.Event[*corev1.ConfigMap]) error {
		called <- struct{}{}
		return nil
	}))
	o.Record = &tape
	r := start(t, s, o)
	<-called
	config := r.Env().Config
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	asked, err := http.NewRequestWithContext(t.Context(), http.MethodPost, config.Host+"/api/v1/namespaces/x/events", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(asked)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	all, err := recording.Read(&tape)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d requests, %v", len(all), err)
	}
	watch, post := all[0], all[1]
	if !strings.HasPrefix(watch.URL, "/api/v1/configmaps?") || len(watch.Steps) < 2 || !strings.HasPrefix(string(watch.Steps[1].Data), `{"type":"ADDED"`) {
		t.Errorf("%+v", watch)
	}
	if post.Method != http.MethodPost || post.URL != "/api/v1/namespaces/x/events" || post.Steps[0].Status != http.StatusCreated {
		t.Errorf("%+v", post)
	}
	if n := strings.Count(r.log.String(), "keep it to yourself"); n != 1 {
		t.Errorf("said %d times that it records", n)
	}
}

// Nothing is in the way of requests where nothing is recorded.
func TestRecordNothing(t *testing.T) {
	cfg := environment.WithoutCluster()
	cfg.WrapTransport = nil
	if r := record(cfg, Options{}); r != nil || cfg.WrapTransport != nil {
		t.Errorf("%v, wrapped: %t", r, cfg.WrapTransport != nil)
	}
}
