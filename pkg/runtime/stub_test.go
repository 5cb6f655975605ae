package runtime

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// stub is a server that answers every watch with the same objects and then stays silent. It is enough for
// what this package does with streams; what streams do is tested where they are written.
type stub struct {
	objects   []*corev1.ConfigMap
	forbidden string        // paths that contain it are refused
	code      int           // with this; 0: 403
	allowed   atomic.Bool   // nothing is refused any more
	posts     chan string   // the paths of what is created, if somebody wants to know
	hold      chan struct{} // the end of the snapshot waits for it to be closed; nil: it does not
}

func (s *stub) config(t *testing.T) *rest.Config {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return &rest.Config{Host: srv.URL}
}

// ServeHTTP implements http.Handler.
func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodPost {
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprint(w, `{"kind":"Event","apiVersion":"events.k8s.io/v1"}`)
		if s.posts != nil {
			s.posts <- r.URL.Path
		}
		return
	}
	if s.forbidden != "" && strings.Contains(r.URL.Path, s.forbidden) && !s.allowed.Load() {
		s.refuse(w)
		return
	}
	if r.URL.Query().Get("watch") == "" { // the list by which a stream verifies a snapshot without objects
		_, _ = fmt.Fprint(w, `{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":[]}`)
		return
	}
	for _, cm := range s.objects {
		raw, err := json.Marshal(cm)
		if err != nil {
			panic(err)
		}
		_, _ = fmt.Fprintf(w, `{"type":"ADDED","object":%s}`+"\n", raw)
	}
	flush(w)
	wait(r.Context(), s.hold)
	_, _ = fmt.Fprint(w, `{"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}}`+"\n")
	flush(w)
	<-r.Context().Done()
}

func (s *stub) refuse(w http.ResponseWriter) {
	code, reason := s.code, ""
	if code == 0 {
		code = http.StatusForbidden
	}
	if code == http.StatusForbidden {
		reason = "Forbidden"
	}
	w.WriteHeader(code)
	_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","code":%d,"reason":%q,"message":"not for you"}`, code, reason)
}

// allow has nothing refused any more.
func (s *stub) allow() { s.allowed.Store(true) }

func flush(w http.ResponseWriter) {
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}

// wait waits for the channel, if there is one.
func wait(ctx context.Context, c <-chan struct{}) {
	if c == nil {
		return
	}
	select {
	case <-c:
	case <-ctx.Done():
	}
}

func mapNamed(name string) *corev1.ConfigMap {
	cm := aMap("uid-"+name, "1")
	cm.Name, cm.TypeMeta = name, metav1.TypeMeta{Kind: "ConfigMap", APIVersion: "v1"}
	return cm
}
