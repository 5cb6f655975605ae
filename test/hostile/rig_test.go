package hostile

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/hostile"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// rig is a program, the server that it talks to, and a client that talks to the truth.
type rig struct {
	t      *testing.T
	server *hostile.Server
	client client.Client
	*runtime.Runtime

	mu     sync.Mutex
	events []string // "Added a", as callbacks began
	log    []string
}

// start runs a program for the ConfigMaps of the namespace default, of which a, b and c exist. rule is how the server
// answers at first.
func start(t *testing.T, rule hostile.Rule) *rig {
	t.Helper()
	truth := fake.New()
	r := &rig{t: t, server: hostile.New(truth)}
	t.Cleanup(r.server.Close)
	r.server.Use(rule)
	log := funcr.New(func(_, args string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.log = append(r.log, args)
	}, funcr.Options{})
	var err error
	r.client, err = client.New(truth.Direct(), client.Options{})
	r.must(err)
	for _, name := range []string{"a", "b", "c"} {
		r.must(r.client.Create(t.Context(), configMap(name)))
	}
	r.Runtime, err = runtime.New(r.server.Config(), runtime.Options{Logger: log, Capabilities: []capability.Func{
		func(capability.Env) *capability.Capability {
			return capability.New("test", capability.When(kind.ConfigMap).InNamespace("default").
				IsCreatedOrUpdated().IsDeleted().Concurrency(1).Watch(r.call))
		},
	}})
	r.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		r.must(<-ended)
	})
	return r
}

func (r *rig) call(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, string(e.Type)+" "+e.Object.Name)
	return nil
}

// after lets virtual time pass.
func (r *rig) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// took returns the events since the last time, sorted.
func (r *rig) took() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.events
	r.events = nil
	slices.Sort(out)
	return out
}

func (r *rig) want(when string, events ...string) {
	r.t.Helper()
	if got := r.took(); !slices.Equal(got, events) {
		r.t.Errorf("%s: the callbacks got %q, want %q", when, got, events)
	}
}

// logged returns all log lines.
func (r *rig) logged() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.log, "\n")
}

// readyz is the strict answer of /readyz.
func (r *rig) readyz() (code int, text string) {
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, httptest.NewRequestWithContext(r.t.Context(), http.MethodGet, "/readyz?strict=1", http.NoBody))
	return w.Code, w.Body.String()
}

// change makes one object newer, deletes one and creates one.
func (r *rig) change() {
	r.t.Helper()
	cm := configMap("a")
	r.must(r.client.Get(r.t.Context(), client.ObjectKeyFromObject(cm), cm))
	cm.Data = map[string]string{"changed": "yes"}
	r.must(r.client.Update(r.t.Context(), cm))
	r.must(r.client.Delete(r.t.Context(), configMap("b")))
	r.must(r.client.Create(r.t.Context(), configMap("d")))
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func configMap(name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
}

// collection is where the program lists and watches.
const collection = "/api/v1/namespaces/default/configmaps"

// watches answers the watches of the collection in this way, those that begin with a snapshot among them.
func watches(a hostile.Answer) hostile.Rule {
	return func(r *http.Request) hostile.Answer {
		if r.URL.Path == collection && r.URL.Query().Get("watch") == "true" {
			return a
		}
		return nil
	}
}

// everything answers all requests for the collection in this way.
func everything(a hostile.Answer) hostile.Rule {
	return func(r *http.Request) hostile.Answer {
		if r.URL.Path == collection {
			return a
		}
		return nil
	}
}

// ok is an answer with this Content-Type and body, which ends with the connection.
func ok(contentType, body string) string {
	return "HTTP/1.1 200 OK\r\nContent-Type: " + contentType + "\r\nConnection: close\r\n\r\n" + body
}

// status is an answer of another code.
func status(code int, contentType, body string, headers ...string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n%s",
		code, http.StatusText(code), contentType, len(body), strings.Join(headers, ""), body)
}
