package runtime

import (
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// brittle is a handler with a defect.
type brittle struct{}

func (brittle) Handle(watcher.Delta)       { panic("a value that nobody may read") }
func (brittle) Synced(string, bool)        {}
func (brittle) StateChanged(watcher.State) {}

func TestADeadStreamFailsLiveness(t *testing.T) {
	r := start(t, &stub{objects: []*corev1.ConfigMap{mapNamed("a")}},
		oneCapability(capability.When(kind.ConfigMap).Watch(ignoreMap)))
	until(t, "ready", func() bool { code, _ := r.get(t, "/readyz"); return code == http.StatusOK })
	if code, text := r.get(t, "/healthz"); code != http.StatusOK {
		t.Fatalf("not live: %s", text)
	}

	target := watcher.Target{Resource: kind.Secret.Resource()}
	r.streams.Names[target] = target.String()
	<-r.streams.Start(t.Context(), r.streams.NewStream(target, brittle{}, watcher.StreamOptions{}))

	for _, path := range []string{"/healthz", "/readyz"} {
		if code, text := r.get(t, path); code != http.StatusServiceUnavailable || !strings.Contains(text, "dead    "+target.String()) {
			t.Errorf("%s answers %d: %s", path, code, text)
		}
	}
	if _, text := r.get(t, "/debug"); strings.Contains(text, target.String()) {
		t.Error("the dead stream is shown as if it ran")
	}
	until(t, "the line that says which stream died, and where", func() bool {
		log := r.log.String()
		return strings.Contains(log, "brittle.Handle") && strings.Contains(log, target.String())
	})
	log := r.log.String()
	if strings.Contains(log, "nobody may read") {
		t.Error("the log holds the panic's value")
	}
}
