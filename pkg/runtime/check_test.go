package runtime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/rights"
)

// checked is a server that answers discovery and access reviews, and notes what else it is asked.
type checked struct {
	mu     sync.Mutex
	served string // the plurals of the core group
	denied string // "verb resource"
	others []string
	hold   chan struct{} // nil: it answers at once
}

func (s *checked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	wait(r.Context(), s.hold)
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/api/v1":
		_, _ = fmt.Fprintf(w, `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"v1","resources":[%s]}`, s.served)
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews"):
		var review authorizationv1.SelfSubjectAccessReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		on := review.Spec.ResourceAttributes
		review.Status.Allowed = on.Verb+" "+on.Resource != s.denied
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(&review) //nolint:errchkjson // times alone may fail
	default:
		s.mu.Lock()
		s.others = append(s.others, r.Method+" "+r.URL.Path)
		s.mu.Unlock()
		w.WriteHeader(http.StatusNotFound)
	}
}

const servedMaps = `{"name":"configmaps","namespaced":true,"kind":"ConfigMap","verbs":["list","watch"]}`

// --check says in one line each what is well and what is missing, and its exit code says whether all is. It asks for nothing but
// discovery and reviews.
func TestMainChecks(t *testing.T) {
	for name, c := range map[string]struct {
		server *checked
		args   []string
		code   int
		says   []string
	}{
		"all is well": {&checked{served: servedMaps}, nil, ExitStopped, []string{
			"ok       v1 configmaps is served\n", "ok       list, watch configmaps in the whole cluster\n",
		}},
		"in a namespace": {&checked{served: servedMaps}, []string{"--namespace", "here"}, ExitStopped, []string{
			"ok       list, watch configmaps in namespace here\n",
		}},
		"a right is missing": {&checked{served: servedMaps, denied: "watch configmaps"}, nil, ExitFailed, []string{
			"missing  watch configmaps in the whole cluster: needed by c/configmaps; --rbac prints the roles\n",
		}},
		"the kind is not served": {&checked{}, nil, ExitFailed, []string{"missing  v1 configmaps is served: the server serves the API group", "install its CustomResourceDefinition"}},
		"the Lease": {&checked{served: servedMaps, denied: "update leases"}, []string{"--leader-elect", "--leader-elect-resource-namespace", "locks"}, ExitFailed, []string{
			"missing  update leases.coordination.k8s.io program in namespace locks: needed by the runtime",
			"ok       create leases.coordination.k8s.io in namespace locks\n",
		}},
		"JSON": {&checked{served: servedMaps, denied: "list configmaps"}, []string{"-o", "json"}, ExitFailed, []string{
			`"ok": false`, `"verdict": "missing"`, `"what": "list configmaps in the whole cluster"`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(c.server)
			defer srv.Close()
			code, stdout, stderr := mainWith(t, append([]string{"--check", "--server", srv.URL}, c.args...)...)
			if code != c.code {
				t.Errorf("exit %d, want %d: %s", code, c.code, stderr)
			}
			for _, want := range c.says {
				if !strings.Contains(stdout, want) {
					t.Errorf("%q is not in\n%s", want, stdout)
				}
			}
			if len(c.server.others) > 0 {
				t.Errorf("it also asked for %q", c.server.others)
			}
		})
	}
}

// A kind that is optional need not be served; one that a binding cannot do without must be, also if it is optional elsewhere.
func TestCheckOptionalKinds(t *testing.T) {
	mapped := func(*corev1.Secret) []types.NamespacedName { return nil }
	optional := capability.When(kind.ConfigMap).TriggeredBy(capability.Mapped(capability.Optional[*corev1.Secret](kind.Secret), mapped)).Reconcile(ignoreMap)
	needed := capability.When(kind.ConfigMap).Alias("other").TriggeredBy(capability.Mapped(kind.Secret, mapped)).Reconcile(ignoreMap)
	for want, bindings := range map[rights.Verdict][]capability.Binding{rights.OK: {optional}, rights.Missing: {optional, needed}} {
		srv := httptest.NewServer(&checked{served: servedMaps})
		r, err := New(&rest.Config{Host: srv.URL}, oneCapability(bindings...))
		if err != nil {
			t.Fatal(err)
		}
		report := r.check(t.Context(), func() {})
		if report.OK != (want == rights.OK) || len(report.Findings) < 2 || report.Findings[1].Verdict != want || !strings.Contains(report.Findings[1].What, "v1 secrets") {
			t.Errorf("want %s: %+v", want, report)
		}
		srv.Close()
	}
}

// A server that is away, or does not answer in time, cannot be checked: that fails, and a wrong declaration comes first.
func TestMainChecksWithoutAServer(t *testing.T) {
	away := deadAddress(t)
	code, stdout, _ := mainWith(t, "--check", "--server", away)
	if code != ExitFailed || !strings.Contains(stdout, "unknown  v1 configmaps is served: cannot check: ") || !strings.Contains(stdout, "refused") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	slow := &checked{hold: make(chan struct{})}
	srv := httptest.NewServer(slow)
	defer srv.Close()
	defer close(slow.hold)
	code, stdout, _ = mainWith(t, "--check", "--server", srv.URL, "--check-timeout", "50ms")
	if code != ExitFailed || strings.Count(stdout, "raise --check-timeout") != 2 {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	stranger := httptest.NewUnstartedServer(&checked{})
	stranger.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshakes that the program breaks off
	stranger.StartTLS()
	defer stranger.Close()
	code, stdout, _ = mainWith(t, "--check", "--server", stranger.URL)
	if code != ExitFailed || strings.Count(stdout, "correct the certificate authority") != 2 {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	var out, errs bytes.Buffer
	wrong := func(capability.Env) *capability.Capability {
		return capability.New("c", capability.When(kind.ConfigMap).Reconcile(nil))
	}
	if code := Main([]string{"program", "--check", "--server", away}, &out, &errs, wrong); code != ExitDeclared {
		t.Errorf("a wrong declaration: exit %d, %s", code, errs.String())
	}
}
