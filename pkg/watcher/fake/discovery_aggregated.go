package fake

import (
	"net/http"
	"slices"
	"strings"

	discovery "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// aggregatedKind is the one document that holds what many requests would have to ask for (KEP-3352).
var aggregatedKind = schema.GroupVersionKind{Group: "apidiscovery.k8s.io", Version: "v2", Kind: "APIGroupDiscoveryList"}

const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

// wantsAggregated tells whether that document is what the client prefers.
func wantsAggregated(r *http.Request) bool {
	for _, c := range clauses(r.Header.Get("Accept")) {
		if c.media != runtime.ContentTypeJSON && c.media != "*/*" {
			continue
		}
		switch c.wants() {
		case aggregatedKind:
			return true
		case schema.GroupVersionKind{}:
			return false
		}
	}
	return false
}

// byPriority orders versions: v2 before v1, and both before v1beta1.
func byPriority(a, b string) int { return version.CompareKubeAwareVersionStrings(b, a) }

// aggregated are the core group or all the others.
func aggregated(resources []servedResource, core bool) *discovery.APIGroupDiscoveryList {
	out := &discovery.APIGroupDiscoveryList{Items: []discovery.APIGroupDiscovery{}}
	out.SetGroupVersionKind(aggregatedKind)
	for _, r := range resources {
		if (r.Group == "") != core {
			continue
		}
		if n := len(out.Items); n == 0 || out.Items[n-1].Name != r.Group {
			out.Items = append(out.Items, discovery.APIGroupDiscovery{ObjectMeta: metav1.ObjectMeta{Name: r.Group}})
		}
		g := &out.Items[len(out.Items)-1]
		if n := len(g.Versions); n == 0 || g.Versions[n-1].Version != r.Version {
			g.Versions = append(g.Versions, discovery.APIVersionDiscovery{Version: r.Version, Freshness: discovery.DiscoveryFreshnessCurrent})
		}
		v := &g.Versions[len(g.Versions)-1]
		v.Resources = append(v.Resources, r.aggregated())
	}
	for _, g := range out.Items {
		slices.SortFunc(g.Versions, func(a, b discovery.APIVersionDiscovery) int { return byPriority(a.Version, b.Version) })
	}
	return out
}

func (r servedResource) aggregated() discovery.APIResourceDiscovery {
	gvk := metav1.GroupVersionKind{Kind: r.Kind} // of the group and version around it
	scope := discovery.ScopeCluster
	if r.Namespaced {
		scope = discovery.ScopeNamespace
	}
	out := discovery.APIResourceDiscovery{
		Resource: r.Plural, ResponseKind: &gvk, Scope: scope, SingularResource: strings.ToLower(r.Kind), Verbs: verbs,
		ShortNames: shortNames[r.String()], Categories: categories[r.String()],
	}
	for _, part := range r.parts {
		out.Subresources = append(out.Subresources, discovery.APISubresourceDiscovery{
			Subresource: part, ResponseKind: &gvk, Verbs: partVerbs,
		})
	}
	return out
}
