package environment

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// wire is the connection of a client. It may break.
type wire struct {
	http.RoundTripper

	mu    sync.Mutex
	fault func(*http.Request) (*http.Response, error) // nil: it works
	paths []string
}

// newTestClient is the client of callbacks against a server in memory, and what it asks for.
func newTestClient(t *testing.T, s *fake.Server) (*callbackClient, *wire) {
	t.Helper()
	cfg := s.Config()
	line := &wire{RoundTripper: cfg.Transport}
	cfg.Transport = line
	sch := apiruntime.NewScheme()
	if err := clientscheme.AddToScheme(sch); err != nil {
		t.Fatal(err)
	}
	c, err := newClient(cfg, sch, logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	return c, line
}

// discoveries are the requests for discovery.
func (l *wire) discoveries() (out []string) {
	for _, p := range l.asked() {
		_, path, _ := strings.Cut(p, " ")
		if parts := strings.Split(strings.Trim(path, "/"), "/"); len(parts) <= 2 || parts[0] == "apis" && len(parts) == 3 {
			out = append(out, path)
		}
	}
	return out
}

func custom(group, kindName, plural string) kind.Kind[*unstructured.Unstructured] {
	return kind.Unstructured(schema.GroupVersionKind{Group: group, Version: "v1", Kind: kindName}).Plural(plural)
}

func thing(group, kindName, name string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(schema.GroupVersionKind{Group: group, Version: "v1", Kind: kindName})
	u.SetName(name)
	u.SetNamespace("default")
	return u
}

// A discovery that stalls delays its caller, until its context ends, and no other request: not of known kinds, not of kinds of other
// groups, not of the same group once it is answered.
func TestAStalledDiscoveryDelaysItsCallerAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New()
		s.Register(custom("stall.example.com", "Slow", "slows"), custom("quick.example.com", "Quick", "quicks"))
		c, wire := newTestClient(t, s)
		stalled := true
		wire.set(func(r *http.Request) (*http.Response, error) {
			if stalled && strings.HasPrefix(r.URL.Path, "/apis/stall.example.com/v1") && strings.Count(r.URL.Path, "/") == 3 {
				return hanging(r)
			}
			return nil, nil
		})
		begin := time.Now()
		ends := make(chan error, 20)
		for range 10 {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				ends <- c.Create(ctx, thing("stall.example.com", "Slow", "a"))
			}()
			go func() { ends <- c.List(context.Background(), listOf("stall.example.com", "Slow")) }() // no bound of its own
		}
		synctest.Wait()
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "a"}}
		for what, err := range map[string]error{
			"create a built-in kind":         c.Create(t.Context(), cm),
			"list a built-in kind":           c.List(t.Context(), &corev1.ConfigMapList{}),
			"create a kind to be discovered": c.Create(t.Context(), thing("quick.example.com", "Quick", "a")),
			"delete all of a kind":           c.DeleteAllOf(t.Context(), &corev1.Secret{}, client.InNamespace("default")),
		} {
			if err != nil || time.Since(begin) != 0 {
				t.Errorf("%s: %v after %s", what, err, time.Since(begin))
			}
		}
		for range 10 {
			if err := <-ends; !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 5*time.Second {
				t.Errorf("%v after %s", err, time.Since(begin))
			}
		}
		for range 10 {
			if err := <-ends; err == nil || !strings.Contains(err.Error(), "discovery, GET /apis/stall.example.com/v1") || time.Since(begin) != 30*time.Second {
				t.Errorf("%v after %s", err, time.Since(begin))
			}
		}
		stalled = false
		if err := c.Create(t.Context(), thing("stall.example.com", "Slow", "a")); err != nil {
			t.Error(err)
		}
	})
}

func listOf(group, kindName string) *unstructured.UnstructuredList {
	l := &unstructured.UnstructuredList{}
	l.SetGroupVersionKind(schema.GroupVersionKind{Group: group, Version: "v1", Kind: kindName + "List"})
	return l
}

// Known kinds need no discovery; others need one request for their version, and no more after that.
func TestDiscoveryIsAskedOnce(t *testing.T) {
	s := fake.New()
	s.Register(custom("a.example.com", "Known", "knowns"), custom("a.example.com", "Other", "others"))
	c, wire := newTestClient(t, s)
	c.mapper.Declare(custom("a.example.com", "Known", "knowns").Resource())
	for _, obj := range []client.Object{
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "a"}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ns"}},
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "a"}},
		thing("a.example.com", "Known", "a"),
	} {
		if err := c.Create(t.Context(), obj); err != nil {
			t.Errorf("%T: %v", obj, err)
		}
		only := &metav1.PartialObjectMetadata{}
		gvk, err := c.GroupVersionKindFor(obj)
		if err != nil {
			t.Fatal(err)
		}
		only.SetGroupVersionKind(gvk)
		if err := c.Get(t.Context(), client.ObjectKeyFromObject(obj), only); err != nil || only.UID != obj.GetUID() {
			t.Errorf("metadata of %T: %v", obj, err)
		}
		namespaced, err := c.IsObjectNamespaced(obj)
		if err != nil || namespaced != (obj.GetNamespace() != "") {
			t.Errorf("%T namespaced: %v %v", obj, namespaced, err)
		}
		m, err := c.RESTMapper().RESTMapping(gvk.GroupKind())
		if err != nil || m.GroupVersionKind != gvk {
			t.Errorf("%s: %+v %v", gvk, m, err)
		}
	}
	if got := wire.discoveries(); len(got) != 0 {
		t.Errorf("asked for %v", got)
	}
	for range 3 {
		if err := c.List(t.Context(), listOf("a.example.com", "Other")); err != nil {
			t.Error(err)
		}
	}
	if got, want := wire.discoveries(), []string{"/apis/a.example.com/v1"}; !slices.Equal(got, want) {
		t.Errorf("asked for %v, want %v", got, want)
	}
}

// A kind that is not served has no match, which is not remembered, and is never taken for an object that is absent.
func TestAKindThatIsNotServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New()
		c, wire := newTestClient(t, s)
		declared := custom("late.example.com", "Declared", "declareds")
		c.mapper.Declare(declared.Resource())
		for _, name := range []string{"Unknown", "Declared"} {
			for range 2 {
				err := c.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "a"}, thing("late.example.com", name, "a"))
				if !meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		s.Register(declared, custom("late.example.com", "Unknown", "unknowns"))
		for _, name := range []string{"Unknown", "Declared"} {
			if err := c.Create(t.Context(), thing("late.example.com", name, "a")); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		before := len(wire.discoveries())
		err := c.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "absent"}, thing("late.example.com", "Declared", ""))
		if !apierrors.IsNotFound(err) || meta.IsNoMatchError(err) || len(wire.discoveries()) != before {
			t.Errorf("%v, %d discoveries more", err, len(wire.discoveries())-before)
		}
	})
}

// A plural that was guessed wrong is found by discovery, once, whatever the first request is.
func TestAWrongPluralIsFound(t *testing.T) {
	for what, request := range map[string]func(context.Context, client.Client) error{
		"get": func(ctx context.Context, c client.Client) error {
			return c.Get(ctx, client.ObjectKey{Namespace: "default", Name: "there"}, thing("odd.example.com", "Mouse", ""))
		},
		"list": func(ctx context.Context, c client.Client) error {
			return c.List(ctx, listOf("odd.example.com", "Mouse"))
		},
		"create": func(ctx context.Context, c client.Client) error {
			return c.Create(ctx, thing("odd.example.com", "Mouse", "new"))
		},
		"delete": func(ctx context.Context, c client.Client) error {
			return c.Delete(ctx, thing("odd.example.com", "Mouse", "there"))
		},
		"apply": func(ctx context.Context, c client.Client) error {
			return c.Apply(ctx, client.ApplyConfigurationFromUnstructured(thing("odd.example.com", "Mouse", "there")), client.FieldOwner("test"))
		},
		"status": func(ctx context.Context, c client.Client) error {
			u := thing("odd.example.com", "Mouse", "there")
			return c.Status().Patch(ctx, u, client.RawPatch("application/merge-patch+json", []byte(`{"status":{"a":"b"}}`)))
		},
		"metadata": func(ctx context.Context, c client.Client) error {
			only := &metav1.PartialObjectMetadata{}
			only.SetGroupVersionKind(schema.GroupVersionKind{Group: "odd.example.com", Version: "v1", Kind: "Mouse"})
			return c.Get(ctx, client.ObjectKey{Namespace: "default", Name: "there"}, only)
		},
	} {
		s := fake.New()
		right := custom("odd.example.com", "Mouse", "mice")
		s.Register(right)
		c, _ := newTestClient(t, s)
		c.mapper.Declare(right.Resource())
		if err := c.Create(t.Context(), thing("odd.example.com", "Mouse", "there")); err != nil {
			t.Fatal(err)
		}
		c, wire := newTestClient(t, s)
		c.mapper.Declare(custom("odd.example.com", "Mouse", "mouses").Resource())
		if err := request(t.Context(), c); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if err := c.List(t.Context(), listOf("odd.example.com", "Mouse")); err != nil {
			t.Errorf("%s, then list: %v", what, err)
		}
		if got := wire.discoveries(); len(got) != 1 {
			t.Errorf("%s: asked for %v", what, got)
		}
	}
}

// Subresources go to the path of the object's own kind, whatever the kind of what is sent.
func TestSubresourcesNeedNoDiscovery(t *testing.T) {
	s := fake.New()
	c, wire := newTestClient(t, s)
	wire.set(func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusTeapot, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
			Body: io.NopCloser(strings.NewReader(`{"kind":"Status","apiVersion":"v1","status":"Failure","code":418,"reason":"Teapot"}`)),
		}, nil
	})
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "a"}}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "a"}}
	set := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "a"}}
	for want, err := range map[string]error{
		"POST /api/v1/namespaces/ns/pods/a/eviction":          c.SubResource("eviction").Create(t.Context(), pod, &policyv1.Eviction{}),
		"POST /api/v1/namespaces/ns/serviceaccounts/a/token":  c.SubResource("token").Create(t.Context(), account, &authenticationv1.TokenRequest{}),
		"GET /apis/apps/v1/namespaces/ns/deployments/a/scale": c.SubResource("scale").Get(t.Context(), set, &autoscalingv1.Scale{}),
		"PUT /apis/apps/v1/namespaces/ns/deployments/a/scale": c.SubResource("scale").Update(t.Context(), set, client.WithSubResourceBody(&autoscalingv1.Scale{})),
		"PUT /api/v1/namespaces/ns/pods/a/status":             c.Status().Update(t.Context(), pod),
	} {
		if err == nil || !slices.Contains(wire.asked(), want) {
			t.Errorf("%s: %v; asked for %v", want, err, wire.asked())
		}
	}
	if n := len(wire.asked()); n != 5 {
		t.Errorf("asked for %v", wire.asked())
	}
}

func (l *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	fault := l.fault
	l.paths = append(l.paths, r.Method+" "+r.URL.Path)
	l.mu.Unlock()
	if fault != nil {
		if resp, err := fault(r); resp != nil || err != nil {
			return resp, err
		}
	}
	return l.RoundTripper.RoundTrip(r)
}

func (l *wire) set(fault func(*http.Request) (*http.Response, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = fault
}

func (l *wire) asked() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.paths)
}

// hanging is a connection that is dead, and nobody said so.
func hanging(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}
