package fake

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// serverVersion is what the server says of itself: that of the control plane which the project tests against.
var serverVersion = version.Info{Major: "1", Minor: "37", GitVersion: "v1.37.1", Platform: "fake/memory"}

// verbs are those of every resource, and of a part of it such as the status.
var (
	verbs     = metav1.Verbs{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
	partVerbs = metav1.Verbs{"get", "patch", "update"}
)

// servedResource is a resource as discovery tells it.
type servedResource struct {
	kind.Resource
	parts []string
}

// discover answers what is no request for objects; false if it is none of that.
func (s *Server) discover(w http.ResponseWriter, r *http.Request) bool {
	doc, contentType := s.document(r)
	if doc == nil {
		return false
	}
	if text, ok := doc.(string); ok {
		respond(w, r, http.StatusOK, contentType, []byte(text))
		return true
	}
	body, err := asJSON(doc)
	if err != nil {
		refuse(w, r, failed(err))
		return true
	}
	respond(w, r, http.StatusOK, contentType, body)
	return true
}

// document is what a path of discovery says; nil if it is none, or nothing of it is served.
func (s *Server) document(r *http.Request) (doc any, contentType string) {
	const plain = "application/json"
	parts, _ := segments(r.URL)
	path := strings.Join(parts, "/")
	switch {
	case path == "version":
		return serverVersion, plain
	case path == "healthz", path == "livez", path == "readyz":
		return "ok", "text/plain; charset=utf-8"
	case path == "api", path == "apis":
		core := path == "api"
		if wantsAggregated(r) {
			return aggregated(s.resources(), core), aggregatedType
		}
		if core {
			return coreVersions(r), plain
		}
		return groupList(s.resources()), plain
	case len(parts) == 2 && parts[0] == "api":
		return resourceList(s.resources(), "", parts[1]), plain
	case len(parts) == 2 && parts[0] == "apis":
		return group(s.resources(), parts[1]), plain
	case len(parts) == 3 && parts[0] == "apis":
		return resourceList(s.resources(), parts[1], parts[2]), plain
	case path == "openapi/v2":
		return emptyOpenAPI, openAPIV2Type
	case len(parts) >= 2 && parts[0] == "openapi" && parts[1] == "v3":
		return openAPI(s.resources(), parts[2:]), plain
	}
	return nil, ""
}

// resources are all that is served, by group, version and name.
func (s *Server) resources() []servedResource {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	var out []servedResource
	for _, c := range s.store.collections {
		out = append(out, servedResource{c.resource, subresources(c)})
	}
	slices.SortFunc(out, func(a, b servedResource) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Plural, b.Plural))
	})
	return out
}
