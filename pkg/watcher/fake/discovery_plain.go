package fake

import (
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func coreVersions(r *http.Request) *metav1.APIVersions {
	return &metav1.APIVersions{
		TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"},
		ServerAddressByClientCIDRs: []metav1.ServerAddressByClientCIDR{{ClientCIDR: "0.0.0.0/0", ServerAddress: r.Host}},
	}
}

// groups are the groups that have resources, but for the core group, with their versions.
func groups(resources []servedResource) []metav1.APIGroup {
	out := []metav1.APIGroup{} // not null
	for _, r := range resources {
		if r.Group == "" {
			continue
		}
		if len(out) == 0 || out[len(out)-1].Name != r.Group {
			out = append(out, metav1.APIGroup{Name: r.Group})
		}
		g := &out[len(out)-1]
		v := metav1.GroupVersionForDiscovery{GroupVersion: r.APIVersion(), Version: r.Version}
		if !slices.Contains(g.Versions, v) {
			g.Versions = append(g.Versions, v)
		}
	}
	for i := range out {
		slices.SortFunc(out[i].Versions, func(a, b metav1.GroupVersionForDiscovery) int { return byPriority(a.Version, b.Version) })
		out[i].PreferredVersion = out[i].Versions[0]
	}
	return out
}

func groupList(resources []servedResource) *metav1.APIGroupList {
	return &metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: groups(resources)}
}

// group is nil, not a document, if nothing of the group is served.
func group(resources []servedResource, name string) any {
	for _, g := range groups(resources) {
		if g.Name == name {
			g.TypeMeta = metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}
			return &g
		}
	}
	return nil
}

// resourceList is nil, not a document, if nothing of the version is served.
func resourceList(resources []servedResource, group, version string) any {
	gv := schema.GroupVersion{Group: group, Version: version}
	out := &metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: gv.String()}
	for _, r := range resources {
		if r.GVK().GroupVersion() != gv {
			continue
		}
		out.APIResources = append(out.APIResources, metav1.APIResource{
			Name: r.Plural, SingularName: strings.ToLower(r.Kind), Namespaced: r.Namespaced, Kind: r.Kind, Verbs: verbs,
			ShortNames: shortNames[r.String()], Categories: categories[r.String()],
		})
		for _, part := range r.parts {
			out.APIResources = append(out.APIResources, metav1.APIResource{
				Name: r.Plural + "/" + part, Namespaced: r.Namespaced, Kind: r.Kind, Verbs: partVerbs,
			})
		}
	}
	if out.APIResources == nil {
		return nil
	}
	return out
}

// shortNames are those that people type most.
var shortNames = map[string][]string{
	"configmaps": {"cm"}, "endpoints": {"ep"}, "events": {"ev"}, "namespaces": {"ns"}, "nodes": {"no"},
	"persistentvolumeclaims": {"pvc"}, "persistentvolumes": {"pv"}, "pods": {"po"}, "serviceaccounts": {"sa"}, "services": {"svc"},
	"cronjobs.batch": {"cj"}, "customresourcedefinitions.apiextensions.k8s.io": {"crd", "crds"}, "daemonsets.apps": {"ds"},
	"deployments.apps": {"deploy"}, "replicasets.apps": {"rs"}, "statefulsets.apps": {"sts"}, "ingresses.networking.k8s.io": {"ing"},
}

// categories are what kubectl get all means.
var categories = map[string][]string{
	"pods": {"all"}, "replicationcontrollers": {"all"}, "services": {"all"}, "cronjobs.batch": {"all"}, "daemonsets.apps": {"all"},
	"deployments.apps": {"all"}, "horizontalpodautoscalers.autoscaling": {"all"}, "jobs.batch": {"all"}, "replicasets.apps": {"all"},
	"statefulsets.apps": {"all"},
}
