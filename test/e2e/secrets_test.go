//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	eventsv1 "k8s.io/api/events/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/clumsy"
	"github.com/ancho-dev/ancho/internal/marker"
	"github.com/ancho-dev/ancho/pkg/recording"
)

// damagingProxy is a proxy before the API server that changes a byte here and there of answers about Secrets, while it is told to.
type damagingProxy struct {
	*httptest.Server
	mu   sync.Mutex
	on   bool
	rand *rand.Rand
	hits int
}

func newDamagingProxy(t *testing.T, cfg *rest.Config) *damagingProxy {
	t.Helper()
	to, err := url.Parse(cfg.Host)
	must(t, err)
	transport, err := rest.TransportFor(cfg)
	must(t, err)
	p := &damagingProxy{rand: rand.New(rand.NewPCG(1, 2))} // the same in each run
	p.Server = httptest.NewServer(wholeBodies(&httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport:     transport,
		FlushInterval: -1,
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		ModifyResponse: func(r *http.Response) error {
			if strings.Contains(r.Request.URL.Path, "/secrets") {
				r.Body = &damagedBody{r.Body, p}
			}
			return nil
		},
	}))
	t.Cleanup(func() {
		p.CloseClientConnections()
		p.Close()
	})
	return p
}

// damage begins or ends the damage. It returns how many bytes it was up to now.
func (p *damagingProxy) damage(on bool) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.on = on
	return p.hits
}

type damagedBody struct {
	io.ReadCloser
	p *damagingProxy
}

func (b *damagedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.p.mu.Lock()
	defer b.p.mu.Unlock()
	for i := range p[:n] {
		if b.p.on && b.p.rand.IntN(300) == 0 {
			p[i] ^= byte(1 + b.p.rand.IntN(255))
			b.p.hits++
		}
	}
	return n, err
}

// TestSecretsAreKept: a program that goes wrong in all ways says no value of a Secret or custom resource, in its log at the highest level, in
// Kubernetes Events, metrics and pages; and its recording holds no Secret. So it is where answers arrive damaged.
func TestSecretsAreKept(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	serve(t, env.Config, custom{kind: clumsy.Vaults.Resource().GVK(), plural: "vaults"})
	bin := buildTestdata(t, "clumsy")
	for _, format := range []string{"json", "text"} {
		t.Run(format, func(t *testing.T) { testSecretsAreKept(t, env.Config, bin, format) })
	}
}

func testSecretsAreKept(t *testing.T, cfg *rest.Config, bin, format string) {
	t.Helper()
	c := newClient(t, cfg)
	ns := newNamespace(t, c)
	objects := clumsy.Objects(ns)
	create(t, c, objects...)
	t.Cleanup(func() { patchAll(t, c, objects, `{"metadata":{"finalizers":null}}`) }) // or they stay for ever
	strictVaults(t, cfg, ns, true)
	fits := customObject(clumsy.Vaults.Resource().GVK(), ns, "fits")
	err := c.Patch(t.Context(), fits, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":["example.com/mine"]}}`)))
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), clumsy.Custom) {
		t.Fatalf("the server does not quote what is invalid: %v", err)
	}
	proxy := newDamagingProxy(t, cfg)
	tape := filepath.Join(t.TempDir(), "tape")
	cmd := exec.Command(bin, "--server", proxy.URL, "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log-level", "7", "--log-format", format, "--record", tape) //nolint:noctx // ended below
	cmd.Env = append(os.Environ(), "CLUMSY_NAMESPACE="+ns)
	p := startBare(t, cmd)
	for _, said := range []string{
		"object parked", "handler panicked", "object passed over", "spec.size", "spec.sizes", "Where of object " + ns + "/where",
		"OnChange of object " + ns + "/change", "Mapped of object " + ns + "/mapped", "longer than its timeout", "already exists",
		"the finalizer cannot be written", "spec.password (FieldValueInvalid)",
	} {
		p.log.wait(t, said)
	}
	strictVaults(t, cfg, ns, false)
	keepsSecrets(t, c, ns, p, format)
	for i := 0; proxy.damage(true) < 500; i++ {
		proxy.CloseClientConnections()
		patchAll(t, c, objects, `{"metadata":{"labels":{"touched":"`+strconv.Itoa(i)+`"}}}`)
	}
	p.log.wait(t, "skipped what is not an object of the API")
	proxy.damage(false)
	keepsSecrets(t, c, ns, p, format)
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if code := p.exit(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	keepsSecrets(t, c, ns, p, "")
	keepsTape(t, tape)
}

func patchAll(t *testing.T, c client.Client, objects []client.Object, patch string) {
	t.Helper()
	for _, o := range objects {
		o, _ = o.DeepCopyObject().(client.Object)
		must(t, client.IgnoreNotFound(c.Patch(context.Background(), o, client.RawPatch(types.MergePatchType, []byte(patch)))))
	}
}

// strictVaults has the server find passwords invalid that it took before, or take them again. An allOf of the whole object is looked at
// whatever has changed of it, which is not so for what a schema says of a field.
func strictVaults(t *testing.T, cfg *rest.Config, ns string, strict bool) {
	t.Helper()
	c := definitions(t, cfg)
	gvk := clumsy.Vaults.Resource().GVK()
	crd := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "vaults." + gvk.Group}}
	must(t, c.Get(t.Context(), keyOf(crd), crd))
	edit(t, c, crd, func(o *apiextensionsv1.CustomResourceDefinition) {
		anything, of := true, o.Spec.Versions[0].Schema.OpenAPIV3Schema
		spec := func(password apiextensionsv1.JSONSchemaProps) map[string]apiextensionsv1.JSONSchemaProps {
			return map[string]apiextensionsv1.JSONSchemaProps{"spec": {Properties: map[string]apiextensionsv1.JSONSchemaProps{"password": password}}}
		}
		of.Properties, of.AllOf = nil, nil
		if strict {
			of.Properties = spec(apiextensionsv1.JSONSchemaProps{XPreserveUnknownFields: &anything})
			whole := of.Properties["spec"]
			whole.Type, whole.XPreserveUnknownFields = "object", &anything
			of.Properties["spec"] = whole
			of.AllOf = []apiextensionsv1.JSONSchemaProps{{Properties: spec(apiextensionsv1.JSONSchemaProps{Pattern: "^[a-z]{3}$"})}}
		}
	})
	waitUntil(t, "the server knows the schema", func() bool {
		o := customObject(gvk, ns, "try")
		o.Object["spec"] = map[string]any{"password": clumsy.Custom}
		err := c.Create(t.Context(), o, client.DryRunAll)
		return apierrors.IsInvalid(err) == strict
	})
}

// keepsSecrets looks into all that a program has said. format is that of its log, where it says its address; empty: it has ended.
func keepsSecrets(t *testing.T, c client.Client, ns string, p *process, format string) {
	t.Helper()
	secrets := slices.Concat(marker.Pieces(clumsy.Secret), marker.Pieces(clumsy.Custom))
	var told eventsv1.EventList
	must(t, c.List(t.Context(), &told, client.InNamespace(ns)))
	events, err := json.Marshal(told)
	must(t, err)
	said := map[string]string{"log": p.log.String(), "standard output": p.out.String(), "Kubernetes Events": string(events)}
	if format == "json" {
		for _, path := range []string{"/healthz", "/readyz", "/metrics", "/debug", "/debug/plan", "/debug/pprof/goroutine?debug=2"} {
			_, said[path] = p.get(t, path)
		}
	}
	for where, text := range said {
		if found := marker.In(text, secrets); found != "" {
			t.Fatalf("%s: %s", where, found)
		}
	}
	if !strings.Contains(said["Kubernetes Events"], "Parked") {
		t.Errorf("no Event about what is parked: %s", events)
	}
}

// keepsTape looks into the recording of a program that has ended. It holds custom resources, and no Secrets.
func keepsTape(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	all, err := recording.Read(f)
	must(t, err)
	var whole strings.Builder
	for _, x := range all {
		for _, s := range x.Steps {
			whole.Write(s.Data)
		}
	}
	if found := marker.In(whole.String(), marker.Pieces(clumsy.Secret)); found != "" {
		t.Errorf("the recording: %s", found)
	}
	if !strings.Contains(whole.String(), clumsy.Custom) {
		t.Error("the recording holds nothing")
	}
}
