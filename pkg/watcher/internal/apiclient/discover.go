package apiclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// Discovery is what a server says about a resource.
type Discovery struct {
	Served       bool          // the declared version serves the declared kind and plural, in that scope, with watch
	AnyVersion   bool          // some version of the group serves the plural: its objects exist
	Alternatives []Alternative // what serves the kind or the plural, the declared version first
	Message      string        // what is wrong, and what would be right; empty when Served
}

// Alternative is one way in which a server serves a kind or a plural.
type Alternative struct {
	Version, Plural, Kind string
	Namespaced            bool
	Watch                 bool // it can be watched
}

// Discover asks the server whether, and as what, it serves a resource. It asks about the resource's own group
// alone, so that trouble with other groups does not matter, each request within 30 seconds. With an error nothing
// is known: most of all not that the resource is gone.
func (s *Server) Discover(ctx context.Context, r kind.Resource) (Discovery, error) {
	versions, err := s.groupVersions(ctx, r)
	if err != nil {
		return Discovery{}, err
	}
	var d Discovery
	var failed error
	for _, v := range versions {
		found, err := s.alternatives(ctx, r, v)
		if err != nil {
			failed = errors.Join(failed, err)
			if v == r.Version {
				return Discovery{}, err
			}
		}
		d.Alternatives = append(d.Alternatives, found...)
	}
	for _, a := range d.Alternatives {
		d.AnyVersion = d.AnyVersion || a.Plural == r.Plural
		d.Served = d.Served || a.serves(r) && a.Watch
	}
	if failed != nil && !d.AnyVersion {
		return Discovery{}, failed // the version that did not answer may be the one that serves it
	}
	if !d.Served {
		d.Message = explain(r, versions, d.Alternatives)
	}
	return d, nil
}

// serves tells whether the alternative is what was declared.
func (a Alternative) serves(r kind.Resource) bool {
	return a.Version == r.Version && a.Plural == r.Plural && a.Kind == r.Kind && a.Namespaced == r.Namespaced
}

// groupVersions are the versions of the resource's group, the declared one first if it is served; none when the
// server does not know the group.
func (s *Server) groupVersions(ctx context.Context, r kind.Resource) ([]string, error) {
	if r.Group == "" {
		return []string{"v1"}, nil // the core group has had no other
	}
	group, found, err := discoveryDocument[metav1.APIGroup](ctx, s, "/apis/"+url.PathEscape(r.Group))
	if !found || err != nil {
		return nil, err
	}
	var out []string
	for _, v := range group.Versions {
		out = append(out, v.Version)
	}
	if i := slices.Index(out, r.Version); i > 0 {
		out = slices.Insert(slices.Delete(out, i, i+1), 0, r.Version)
	}
	return out, nil
}

// alternatives are the resources of one version that have the declared kind or plural.
func (s *Server) alternatives(ctx context.Context, r kind.Resource, version string) ([]Alternative, error) {
	resources, found, err := discoveryDocument[metav1.APIResourceList](ctx, s, versionPath(r.Group, version))
	if !found || err != nil {
		return nil, err
	}
	var out []Alternative
	for _, a := range resources.APIResources {
		if strings.Contains(a.Name, "/") || (a.Kind != r.Kind && a.Name != r.Plural) {
			continue
		}
		out = append(out, Alternative{
			Version: version, Plural: a.Name, Kind: a.Kind, Namespaced: a.Namespaced,
			Watch: slices.Contains(a.Verbs, "watch"),
		})
	}
	return out, nil
}

// discoveryDocument reads a document of discovery; found is false when the server says that there is none.
func discoveryDocument[T metav1.APIGroup | metav1.APIResourceList](ctx context.Context, s *Server, path string) (doc T, found bool, err error) {
	body, resp, err := s.document(ctx, path, acceptJSON)
	if err != nil {
		return doc, false, err
	}
	if saysUnknownPath(resp) {
		return doc, false, nil
	}
	if !resp.OK() {
		return doc, false, fmt.Errorf("the request for %s: %w", path, &apierrors.StatusError{ErrStatus: *resp.Status()})
	}
	var head metav1.TypeMeta
	if err := errors.Join(json.Unmarshal(body, &head), json.Unmarshal(body, &doc)); err != nil {
		return doc, false, fmt.Errorf("the answer to the request for %s is not a document of discovery: %w", path, err)
	}
	if want := reflect.TypeFor[T]().Name(); head.Kind != want { // what is not in a document of another kind proves nothing
		return doc, false, fmt.Errorf("the answer to the request for %s is not a document of discovery: it is not of kind %s", path, want)
	}
	return doc, true, nil
}

// saysUnknownPath tells whether this is the 404 of an API server for a path that it does not serve: the plain text of
// Go's http.NotFound, or a Status. The page of a proxy says nothing about the API.
func saysUnknownPath(r *Response) bool {
	if r.Code != http.StatusNotFound {
		return false
	}
	s := r.Status()
	return s.Reason == metav1.StatusReasonNotFound || strings.TrimSpace(s.Message) == "404 page not found"
}

// explain says what keeps the declared resource from being served, and what to declare or do instead.
func explain(r kind.Resource, versions []string, found []Alternative) string {
	gv := r.GVK().GroupVersion().String()
	if CreateOnly(r) { // no definition that could be installed would help
		return Unlistable(r)
	}
	if len(versions) == 0 {
		return fmt.Sprintf("the server does not serve the API group %q: install its CustomResourceDefinition, or the API server behind it", r.Group)
	}
	var here []Alternative
	for _, a := range found {
		if a.Version == r.Version {
			here = append(here, a)
		}
	}
	if len(here) == 0 {
		return explainElsewhere(r, gv, versions, found)
	}
	for _, a := range here {
		if a.serves(r) {
			return fmt.Sprintf("%s of %s cannot be watched: the server does not offer the verb watch for it", a.Plural, gv)
		}
	}
	for _, a := range here {
		if a.Kind == r.Kind {
			return explainDeclaration(r, gv, a)
		}
	}
	return fmt.Sprintf("%s of %s are of kind %s, not %s: declare that kind, or the right plural with Plural", here[0].Plural, gv, here[0].Kind, r.Kind)
}

// explainElsewhere is for a version that serves neither the kind nor the plural.
func explainElsewhere(r kind.Resource, gv string, versions []string, found []Alternative) string {
	if len(found) > 0 {
		var other []string
		for _, a := range found {
			if !slices.Contains(other, a.Version) {
				other = append(other, a.Version)
			}
		}
		return fmt.Sprintf("the server serves %s %s in %s, not in %s: declare a version that is served", r.Group, r.Kind, strings.Join(other, ", "), r.Version)
	}
	return fmt.Sprintf("the server serves the API group %q in %s, but no kind %s of %s: install its CustomResourceDefinition", r.Group, strings.Join(versions, ", "), r.Kind, gv)
}

// explainDeclaration is for a kind that is served with another plural or scope than declared.
func explainDeclaration(r kind.Resource, gv string, a Alternative) string {
	var wrong []string
	if a.Plural != r.Plural {
		wrong = append(wrong, fmt.Sprintf("its plural is %q, not %q: declare it with Plural(%q)", a.Plural, r.Plural, a.Plural))
	}
	switch {
	case r.Namespaced && !a.Namespaced:
		wrong = append(wrong, "it is cluster-scoped: declare it with ClusterScoped()")
	case !r.Namespaced && a.Namespaced:
		wrong = append(wrong, "it is namespaced: declare it without ClusterScoped()")
	}
	return fmt.Sprintf("%s %s is served, but %s", gv, r.Kind, strings.Join(wrong, "; "))
}
