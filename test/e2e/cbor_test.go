//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

var (
	withCBOR = testenv.Options{APIServerArgs: []string{"--feature-gates=CBORServingAndStorage=true"}}
	beads    = schema.GroupVersionKind{Group: "cbor.example.com", Version: "v1", Kind: "Bead"}
)

// beadSpec holds a value of each sort.
func beadSpec() map[string]any {
	return map[string]any{
		"text": "ä€𝄞\\\"\n", "whole": int64(9007199254740993), "negative": int64(-3), "part": 1.5, "yes": true,
		"list": []any{int64(1), "x", map[string]any{}}, "long": strings.Repeat("0123456789", 3000),
	}
}

func bead(ns, name string) *unstructured.Unstructured {
	o := customObject(beads, ns, name)
	o.Object["spec"] = beadSpec()
	return o
}

// threads are bindings on a custom kind whole and as metadata, and on a built-in kind with its Go type and without.
type threads struct {
	beads   calls[*unstructured.Unstructured]
	maps    calls[*unstructured.Unstructured]
	typed   calls[*corev1.ConfigMap]
	headers calls[*metav1.PartialObjectMetadata]
}

func (s *threads) bindings(ns string) []capability.Binding {
	return []capability.Binding{
		capability.When(kind.Unstructured(beads)).Alias("beads").InNamespace(ns).IsCreatedOrUpdated().IsDeleted().Concurrency(1).Watch(s.beads.handle),
		capability.When(kind.Unstructured(corev1.SchemeGroupVersion.WithKind("ConfigMap"))).Alias("maps").InNamespace(ns).WithLabel("cbor").IsCreatedOrUpdated().IsDeleted().Concurrency(1).Watch(s.maps.handle),
		capability.When(kind.ConfigMap).Alias("typed").InNamespace(ns).WithLabel("cbor").IsCreatedOrUpdated().IsDeleted().Concurrency(1).Watch(s.typed.handle),
		capability.When(kind.Metadata(kind.Unstructured(beads))).Alias("headers").InNamespace(ns).IsCreatedOrUpdated().IsDeleted().Concurrency(1).Watch(s.headers.handle),
	}
}

// follow changes objects and looks at what the bindings are told; from is the number that is put into their names.
func (s *threads) follow(t *testing.T, p *program, cfg *rest.Config, ns string, from int) {
	t.Helper()
	c := newClient(t, cfg)
	name := fmt.Sprint("o-", from)
	one, cm := bead(ns, name), labelled(ns, name, map[string]string{"cbor": "yes"})
	create(t, c, one, cm)
	p.ready(t)
	s.seen(t, name, added)
	edit(t, c, one, func(o *unstructured.Unstructured) { o.SetLabels(map[string]string{"changed": "yes"}) })
	edit(t, c, cm, func(o *corev1.ConfigMap) { o.Data = map[string]string{"k": "v"} })
	s.seen(t, name, modified)
	must(t, c.Delete(t.Context(), one))
	must(t, c.Delete(t.Context(), cm))
	s.seen(t, name, deleted)
	for _, e := range s.beads.of(name) {
		if !e.Partial && !reflect.DeepEqual(e.Object.Object["spec"], beadSpec()) {
			t.Errorf("%s of %s came as %v", e.Type, name, e.Object.Object["spec"])
		}
	}
	for _, e := range s.typed.of(name) {
		if !e.Partial && (e.Object.Labels["cbor"] != "yes" || e.Type != added && e.Object.Data["k"] != "v") {
			t.Errorf("%s of %s came as %+v", e.Type, name, e.Object)
		}
	}
	if last := s.headers.of(name); last[len(last)-1].Object.Labels["changed"] != "yes" || last[0].Object.Kind != beads.Kind {
		t.Errorf("metadata of %s came as %+v", name, last)
	}
}

// seen waits until each binding was told.
func (s *threads) seen(t *testing.T, name string, what capability.EventType) {
	t.Helper()
	s.beads.waitType(t, name, what)
	s.maps.waitType(t, name, what)
	s.typed.waitType(t, name, what)
	s.headers.waitType(t, name, what)
}

// TestCBOR: what is allowed is asked for, and what comes is read, also when it is an error inside a watch.
func TestCBOR(t *testing.T) {
	t.Parallel()
	env := ownCluster(t, withCBOR)
	serve(t, env.Config, custom{kind: beads, plural: "beads"})
	ns := newNamespace(t, newClient(t, env.Config))
	const (
		jsonType, pbType, cborType = "application/json", "application/vnd.kubernetes.protobuf;stream=watch", "application/cbor-seq"
	)
	programs := []struct {
		name  string
		allow bool
		wrap  func(*rest.Config) // below what notes the answers
		want  []string
	}{
		{"not allowed", false, nil, []string{jsonType, pbType}},
		{"allowed", true, nil, []string{cborType, pbType}},
		// Whatever was asked for, the answer decides how it is read.
		{"nothing else", true, inPlaceOfProtobuf, []string{cborType}},
	}
	type running struct {
		*program
		cfg   *rest.Config
		types func() map[string]bool
		threads
	}
	all := make([]*running, len(programs))
	for i, program := range programs {
		r := &running{cfg: rest.CopyConfig(env.Config)}
		if program.wrap != nil {
			program.wrap(r.cfg)
		}
		r.types = answers(r.cfg)
		r.program = run(t, r.cfg, runtime.Options{AllowCBOR: program.allow}, r.bindings(ns)...)
		all[i] = r
	}
	for i, r := range all {
		r.follow(t, r.program, env.Config, ns, i)
		want := map[string]bool{}
		for _, media := range programs[i].want {
			want[media] = true
		}
		if got := r.types(); !maps.Equal(got, want) {
			t.Errorf("%s: answers came as %v, want %v", programs[i].name, got, want)
		}
	}
	// What happens now is history that the server has lost.
	crash(t, env, newClient(t, env.Config))
	must(t, env.Compact())
	must(t, env.StartAPIServer())
	for i, r := range all {
		r.follow(t, r.program, env.Config, ns, 100+i)
		if n := r.metric(t, "ancho_stream_relists_total", "reason", "expired"); n == 0 {
			t.Errorf("%s: the history was not lost, so that this shows nothing", programs[i].name)
		}
		if n := r.metric(t, "ancho_stream_skipped_total", "reason", "undecodable"); n > 0 {
			t.Errorf("%s: %v frames were not understood", programs[i].name, n)
		}
	}
}

// inPlaceOfProtobuf asks for CBOR wherever protobuf was asked for.
func inPlaceOfProtobuf(cfg *rest.Config) {
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.Header.Set("Accept", strings.ReplaceAll(r.Header.Get("Accept"), "application/vnd.kubernetes.protobuf", "application/cbor"))
			return next.RoundTrip(r)
		})
	})
}

// TestCBORNotServed: the same program works where the server does not have it.
func TestCBORNotServed(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	serve(t, env.Config, custom{kind: beads, plural: "beads"})
	ns := newNamespace(t, newClient(t, env.Config))
	cfg := rest.CopyConfig(env.Config)
	types := answers(cfg)
	var s threads
	p := run(t, cfg, runtime.Options{AllowCBOR: true}, s.bindings(ns)...)
	s.follow(t, p, env.Config, ns, 0)
	if got := types(); len(got) != 2 || !got["application/json"] {
		t.Errorf("answers came as %v, want JSON and protobuf", got)
	}
	if n := p.metric(t, "ancho_stream_reconnects_total"); n > 0 {
		t.Errorf("%v reconnects, want none", n)
	}
}
