package runtime

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

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

// Between the start and the first stream a program is not ready, unless it has none.
func TestReadyWithoutStreams(t *testing.T) {
	for planned, want := range map[int]bool{0: true, 1: false} {
		h := &health{streams: &streams{byPlan: make([]*carrier, planned)}}
		h.started.Store(true)
		var text bytes.Buffer
		if got := h.ready(&text, true); got != want {
			t.Errorf("%d streams planned, none open: ready %t\n%s", planned, got, text.String())
		}
		h.stopped.Store(true)
		if h.ready(&text, false) {
			t.Error("ready while stopping")
		}
	}
}

// stuckFor is a log that is stuck.
type stuckFor time.Duration

func (s stuckFor) StuckFor() time.Duration { return time.Duration(s) }

// While the log cannot be written the program is not ready, and after a minute it is not live. A write that is under way is no
// reason.
func TestHealthOfTheLog(t *testing.T) {
	for stuck, want := range map[time.Duration]struct{ ready, live bool }{
		0:                      {true, true},
		time.Second:            {true, true},
		logSlow:                {false, true},
		logStuck - time.Second: {false, true},
		logStuck:               {false, false},
		2 * logStuck:           {false, false},
	} {
		h := &health{streams: &streams{}, log: stuckFor(stuck)}
		h.started.Store(true)
		var text bytes.Buffer
		if ready, live := h.ready(&text, false), h.live(&text); ready != want.ready || live != want.live {
			t.Errorf("stuck for %s: ready %t, live %t\n%s", stuck, ready, live, text.String())
		}
	}
}

// What a probe answers is bounded, and what is wrong comes first.
func TestProbesAreBounded(t *testing.T) {
	ask := probe(func(b *bytes.Buffer) bool {
		for range 10000 {
			say(b, "ok", "/api/v1/namespaces/a/configmaps?watch=true", "streaming")
		}
		return false
	})
	w := httptest.NewRecorder()
	ask(w, nil)
	if w.Body.Len() > probeLimit+100 || !strings.HasSuffix(w.Body.String(), "see /debug on the admin address\nnot ok\n") {
		t.Errorf("%d bytes, the last %q", w.Body.Len(), w.Body.String()[max(0, w.Body.Len()-100):])
	}
	maps := capability.When(kind.ConfigMap)
	r := start(t, &stub{forbidden: "/closed/"}, oneCapability(maps.InNamespace("closed").Alias("z").Watch(ignoreMap), maps.InNamespace("a").Alias("a").Watch(ignoreMap)))
	until(t, "one of two is blocked", func() bool {
		code, text := r.get(t, "/readyz")
		return code == http.StatusOK && strings.HasPrefix(text, "blocked ") && strings.Contains(text, "\nok ")
	})
}
