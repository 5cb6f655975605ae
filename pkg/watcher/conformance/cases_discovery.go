package conformance

import (
	"encoding/json"
	"net/http"
	"slices"

	discoveryv2 "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

// discoveryCases are about what a server says that it serves.
func discoveryCases() []Case {
	return []Case{
		{Name: "discovery names groups, versions and resources", Rules: []int{41}, run: func(p *probe) {
			var core metav1.APIVersions
			p.must(json.Unmarshal(p.get("/api").is(http.StatusOK).has("kind", "APIVersions").raw, &core))
			var groups metav1.APIGroupList
			p.must(json.Unmarshal(p.get("/apis").is(http.StatusOK).has("kind", "APIGroupList").raw, &groups))
			names := map[string]string{}
			for _, g := range groups.Groups {
				names[g.Name] = g.PreferredVersion.GroupVersion
			}
			if !slices.Equal(core.Versions, []string{"v1"}) || names["apps"] != "apps/v1" || names["example.com"] != "example.com/v1" {
				p.errorf("the versions are %v, the groups %v", core.Versions, names)
			}
			p.get("/apis/apps").is(http.StatusOK).has("kind", "APIGroup").has("name", "apps")
			p.resource("/api/v1", "pods", "Pod", true)
			p.resource("/api/v1", "nodes", "Node", false)
			p.resource("/apis/apps/v1", "deployments", "Deployment", true)
			p.resource("/apis/example.com/v1", "gizmos", "Gizmo", true)
			p.resource("/api/v1", "pods/status", "Pod", true)
			p.text404("/apis/nowhere.example.com")
			p.text404("/apis/nowhere.example.com/v1")
		}},
		{Name: "aggregated discovery names all in two answers", Rules: []int{41}, run: func(p *probe) {
			found := map[string]discoveryv2.APIResourceDiscovery{}
			for _, path := range []string{"/api", "/apis"} {
				a := p.get(path, "Accept", aggregated+","+asJSON).is(http.StatusOK).head("Content-Type", aggregated).has("kind", "APIGroupDiscoveryList")
				var list discoveryv2.APIGroupDiscoveryList
				p.must(json.Unmarshal(a.raw, &list))
				for _, g := range list.Items {
					for _, v := range g.Versions {
						for _, r := range v.Resources {
							found[g.Name+"/"+v.Version+"/"+r.Resource] = r
						}
					}
				}
			}
			for name, kind := range map[string]string{
				"/v1/pods": "Pod", "/v1/nodes": "Node", "apps/v1/deployments": "Deployment", "example.com/v1/gizmos": "Gizmo",
			} {
				r, ok := found[name]
				wide := name == "/v1/nodes"
				if !ok || r.ResponseKind == nil || r.ResponseKind.Kind != kind || (r.Scope == discoveryv2.ScopeCluster) != wide ||
					!slices.Contains(r.Verbs, "watch") || !slices.Contains(r.Verbs, "list") {
					p.errorf("%s: %+v", name, r)
				}
			}
		}},
		{Name: "the server tells its version", run: func(p *probe) {
			if a := p.get("/version").is(http.StatusOK); a.at("major") != "1" || a.at("gitVersion") == "<nil>" {
				p.errorf("%s", a.raw)
			}
		}},
	}
}

// resource wants discovery of a version to name a resource that can be watched, or a part of one.
func (p *probe) resource(path, name, kind string, namespaced bool) {
	var list metav1.APIResourceList
	p.must(json.Unmarshal(p.get(path).is(http.StatusOK).has("kind", "APIResourceList").raw, &list))
	for _, r := range list.APIResources {
		if r.Name != name {
			continue
		}
		wanted := slices.Contains(r.Verbs, "watch") || slices.Contains(r.Verbs, "update") && name == "pods/status"
		if r.Kind != kind || r.Namespaced != namespaced || !wanted {
			p.errorf("%s: %+v", path, r)
		}
		return
	}
	p.errorf("%s does not name %s", path, name)
}
