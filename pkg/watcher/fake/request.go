package fake

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// request is a request for objects, parsed.
type request struct {
	*http.Request
	resource    kind.Resource
	collection  *collection
	namespace   string // empty: all
	name        string // empty: the collection
	subresource string
	warnings    []string
}

// place is what a path names, without knowing what is served.
type place struct {
	version                              schema.GroupVersion
	plural, namespace, name, subresource string
	inNamespace                          bool // the path has a scope
}

// parsePath takes a path of objects apart; false if it is none.
func parsePath(u *url.URL) (place, bool) {
	parts, ok := segments(u)
	if !ok || len(parts) < 3 {
		return place{}, false
	}
	var p place
	switch {
	case parts[0] == "api":
		p.version, parts = schema.GroupVersion{Version: parts[1]}, parts[2:]
	case parts[0] == "apis" && len(parts) > 3:
		p.version, parts = schema.GroupVersion{Group: parts[1], Version: parts[2]}, parts[3:]
	default:
		return place{}, false
	}
	if parts[0] == "namespaces" && len(parts) > 2 && !ofNamespace(p.version, parts[2]) {
		p.namespace, p.inNamespace, parts = parts[1], true, parts[2:]
	}
	if len(parts) > 3 {
		return place{}, false
	}
	parts = append(parts, "", "")
	p.plural, p.name, p.subresource = parts[0], parts[1], parts[2]
	return p, true
}

// ofNamespace tells whether the word behind a namespace's name is a subresource of the namespace itself.
func ofNamespace(version schema.GroupVersion, word string) bool {
	return version.Group == "" && (word == "status" || word == "finalize")
}

// segments are the parts of a path; none of them is empty.
func segments(u *url.URL) ([]string, bool) {
	parts := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	for i, p := range parts {
		var err error
		if parts[i], err = url.PathUnescape(p); err != nil || p == "" {
			return nil, false
		}
	}
	return parts, true
}

// find is the request for what the path names, if that is served.
func (s *Server) find(r *http.Request) (*request, bool) {
	p, ok := parsePath(r.URL)
	if !ok {
		return nil, false
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	c, ok := s.store.collections[p.version.WithResource(p.plural).GroupResource()]
	if !ok || c.resource.Version != p.version.Version || !p.fits(c.resource) {
		return nil, false
	}
	if p.subresource != "" && !slices.Contains(subresources(c), p.subresource) {
		return nil, false
	}
	return &request{
		Request: r, resource: c.resource, collection: c, namespace: p.namespace, name: p.name, subresource: p.subresource,
	}, true
}

// fits tells whether the path has the resource's scope: an object in a namespace is named with it, and what has no
// namespace without.
func (p place) fits(r kind.Resource) bool {
	if r.Namespaced {
		return p.inNamespace || p.name == ""
	}
	return !p.inNamespace
}
