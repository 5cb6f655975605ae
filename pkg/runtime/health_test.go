package runtime

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// A program whose every request is refused is not ready, however that is said; when the server takes requests, it is.
func TestNotReadyWhileAllStreamsAreBlocked(t *testing.T) {
	for _, code := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests, http.StatusInternalServerError} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			s := &stub{forbidden: "/", code: code, objects: []*corev1.ConfigMap{mapNamed("a")}}
			maps := capability.When(kind.ConfigMap)
			r := start(t, s, oneCapability(maps.InNamespace("one").Alias("one").Watch(ignoreMap), maps.InNamespace("two").Alias("two").Watch(ignoreMap)))
			var status int
			var text string
			until(t, "both streams are blocked", func() bool {
				status, text = r.get(t, "/readyz")
				return strings.Count("\n"+text, "\nblocked ") == 2
			})
			if status != http.StatusServiceUnavailable || !strings.Contains(text, "fail    streams all are blocked") {
				t.Errorf("%d\n%s", status, text)
			}
			if live, text := r.get(t, "/healthz"); live != http.StatusOK {
				t.Errorf("not live: %s", text)
			}
			s.allow()
			until(t, "ready", func() bool { status, _ := r.get(t, "/readyz"); return status == http.StatusOK })
		})
	}
}

// What is wrong comes first in what a probe answers.
func TestProbesBeginWithWhatIsWrong(t *testing.T) {
	maps := capability.When(kind.ConfigMap)
	r := start(t, &stub{forbidden: "/closed/"}, oneCapability(maps.InNamespace("closed").Alias("z").Watch(ignoreMap), maps.InNamespace("a").Alias("a").Watch(ignoreMap)))
	until(t, "one of two is blocked", func() bool {
		code, text := r.get(t, "/readyz")
		return code == http.StatusOK && strings.HasPrefix(text, "blocked ") && strings.Contains(text, "\nok ")
	})
}
