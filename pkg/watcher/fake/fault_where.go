package fake

import (
	"net/http"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// Condition says to which requests a fault happens, or how often. Several conditions all have to hold.
type Condition func(*where)

type where struct {
	verbs     []string // nil: all
	resources []schema.GroupResource
	namespace *string
	object    *key
	skip      int
	times     int // 0: always
}

func whereOf(verbs []string, conditions []Condition) where {
	w := where{verbs: verbs}
	for _, c := range conditions {
		c(&w)
	}
	return w
}

// For limits a fault to requests for these kinds. Without it, the fault affects all kinds, and discovery.
func For(kinds ...kind.Any) Condition {
	return func(w *where) {
		for _, k := range kinds {
			w.resources = append(w.resources, k.Resource().GVR().GroupResource())
		}
	}
}

// InNamespace limits a fault to requests whose path names this namespace; empty: to requests without a namespace.
func InNamespace(name string) Condition {
	return func(w *where) { w.namespace = &name }
}

// Object has the fault happen to what is about this one object only: requests that name it, for faults of frames its
// events. The namespace of what has none is empty.
func Object(namespace, name string) Condition {
	return func(w *where) { w.object = &key{namespace, name} }
}

// Verbs names the verbs whose requests the fault happens to, as RBAC has them: get, list, watch, create, update, patch,
// delete, deletecollection. Default: all that it can happen to.
func Verbs(verbs ...string) Condition {
	return func(w *where) { w.verbs = verbs }
}

// Times limits a fault to the first n matching requests (for faults of frames: frames), running ones first. Default,
// and if n is not above zero: until it is stopped.
func Times(n int) Condition {
	return func(w *where) { w.times = max(n, 0) }
}

// After lets n requests (or frames) that fit pass first. Default: none.
func After(n int) Condition {
	return func(w *where) { w.skip = n }
}

// subject is what a request is about, as far as faults look.
type subject struct {
	verb      string
	resource  schema.GroupResource // empty: discovery
	namespace string               // of the path
	object    key                  // of the path, or of an event; its name may be empty
}

func subjectOf(r *http.Request) subject {
	p, ok := parsePath(r.URL)
	if !ok {
		return subject{verb: "get"}
	}
	s := subject{resource: p.version.WithResource(p.plural).GroupResource(), namespace: p.namespace, object: key{p.namespace, p.name}}
	one := p.name != ""
	switch r.Method {
	case http.MethodGet:
		s.verb = verbOfRead(r, one)
	case http.MethodPost:
		s.verb = "create"
	case http.MethodPut:
		s.verb = "update"
	case http.MethodPatch:
		s.verb = "patch"
	case http.MethodDelete:
		if s.verb = "deletecollection"; one {
			s.verb = "delete"
		}
	}
	return s
}

func verbOfRead(r *http.Request, one bool) string {
	watch := r.URL.Query().Get("watch")
	switch {
	case one:
		return "get"
	case watch == "true" || watch == "1":
		return "watch"
	}
	return "list"
}

func (w *where) fits(s subject) bool {
	return (w.verbs == nil || slices.Contains(w.verbs, s.verb)) &&
		(w.resources == nil || slices.Contains(w.resources, s.resource)) &&
		(w.namespace == nil || *w.namespace == s.namespace && s.resource != (schema.GroupResource{})) &&
		(w.object == nil || *w.object == s.object)
}
