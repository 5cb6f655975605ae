package apiclient

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// served is a table of discovery documents: path to resources, each "plural Kind scope verbs".
func served(groups, versions map[string]string) map[string]*http.Response {
	out := map[string]*http.Response{}
	for path, list := range groups {
		var doc []string
		for v := range strings.FieldsSeq(list) {
			doc = append(doc, `{"groupVersion":"example.com/`+v+`","version":"`+v+`"}`)
		}
		out[path] = answer(200, "application/json", `{"kind":"APIGroup","name":"example.com","versions":[`+strings.Join(doc, ",")+`]}`)
	}
	for path, list := range versions {
		var doc []string
		for r := range strings.SplitSeq(list, ",") {
			if f := strings.Fields(r); len(f) == 4 {
				namespaced := map[string]string{"namespaced": "true", "cluster": "false"}[f[2]]
				doc = append(doc, `{"name":"`+f[0]+`","kind":"`+f[1]+`","namespaced":`+namespaced+`,"verbs":["get","`+strings.ReplaceAll(f[3], "+", `","`)+`"]}`)
			}
		}
		out[path] = answer(200, "application/json", `{"kind":"APIResourceList","resources":[`+strings.Join(doc, ",")+`]}`)
	}
	return out
}

func TestDiscover(t *testing.T) {
	const group, v1, v2 = "/apis/example.com", "/apis/example.com/v1", "/apis/example.com/v2"
	const all = "webapps WebApp namespaced list+watch, webapps/status WebApp namespaced get+patch"
	down := func() *http.Response { return answer(503, "text/plain", "the aggregated server is down") }
	for _, c := range []struct {
		name         string
		resource     kind.Resource
		table        map[string]*http.Response
		served, any  bool
		alternatives []string // version and plural
		message      string
	}{
		{"served", webAppResource, served(map[string]string{group: "v1"}, map[string]string{v1: all}), true, true, []string{"v1 webapps"}, ""},
		{"served as metadata", webAppMetadata, served(map[string]string{group: "v1"}, map[string]string{v1: all}), true, true, []string{"v1 webapps"}, ""},
		{"in two versions, the declared first", webAppResource, served(map[string]string{group: "v2 v1"}, map[string]string{v1: all, v2: all}), true, true, []string{"v1 webapps", "v2 webapps"}, ""},
		{"core", podResource, served(nil, map[string]string{"/api/v1": "pods Pod namespaced list+watch, pods/log Pod namespaced get"}), true, true, []string{"v1 pods"}, ""},
		{"core, in a version that is not", kind.Resource{Version: "v2", Kind: "Pod", Plural: "pods", Namespaced: true}, served(nil, map[string]string{"/api/v1": "pods Pod namespaced list+watch"}), false, true, []string{"v1 pods"}, "in v1, not in v2"},
		{"no such group", webAppResource, nil, false, false, nil, `does not serve the API group "example.com": install`},
		{"group without versions", webAppResource, served(map[string]string{group: ""}, nil), false, false, nil, "install"},
		{"no such kind", webAppResource, served(map[string]string{group: "v1"}, map[string]string{v1: "others Other namespaced list+watch"}), false, false, nil, "no kind WebApp of example.com/v1: install"},
		{"version went away meanwhile", webAppResource, served(map[string]string{group: "v1"}, nil), false, false, nil, "no kind WebApp"},
		{"another version", webAppResource, served(map[string]string{group: "v2"}, map[string]string{v2: all}), false, true, []string{"v2 webapps"}, "in v2, not in v1"},
		{"another version of the group alone", webAppResource, served(map[string]string{group: "v1 v2"}, map[string]string{v1: "others Other namespaced watch", v2: all}), false, true, []string{"v2 webapps"}, "in v2, not in v1"},
		{"another plural", webAppResource, served(map[string]string{group: "v1"}, map[string]string{v1: "webappen WebApp namespaced list+watch"}), false, false, []string{"v1 webappen"}, `Plural("webappen")`},
		{"cluster-scoped", webAppResource, served(map[string]string{group: "v1"}, map[string]string{v1: "webapps WebApp cluster list+watch"}), false, true, []string{"v1 webapps"}, "declare it with ClusterScoped()"},
		{"another plural and scope", webAppResource, served(map[string]string{group: "v1"}, map[string]string{v1: "apps WebApp cluster list+watch"}), false, false, []string{"v1 apps"}, `Plural("apps"); it is cluster-scoped`},
		{"namespaced", kind.Resource{Group: "example.com", Version: "v1", Kind: "WebApp", Plural: "webapps"}, served(map[string]string{group: "v1"}, map[string]string{v1: all}), false, true, []string{"v1 webapps"}, "without ClusterScoped()"},
		{"another kind of that plural", webAppResource, served(map[string]string{group: "v1"}, map[string]string{v1: "webapps Site namespaced list+watch"}), false, true, []string{"v1 webapps"}, "are of kind Site, not WebApp"},
		{"not to be watched", webAppResource, served(map[string]string{group: "v1"}, map[string]string{v1: "webapps WebApp namespaced list"}), false, true, []string{"v1 webapps"}, "does not offer the verb watch"},
		{"another version is down", webAppResource, with(served(map[string]string{group: "v1 v2"}, map[string]string{v1: all}), v2, down()), true, true, []string{"v1 webapps"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, a := ask(t, "http://server", c.table)
			got, err := s.Discover(t.Context(), c.resource)
			if err != nil {
				t.Fatal(err)
			}
			if got.Served != c.served || got.AnyVersion != c.any {
				t.Errorf("served %v, in any version %v; want %v, %v", got.Served, got.AnyVersion, c.served, c.any)
			}
			var found []string
			for _, alt := range got.Alternatives {
				found = append(found, alt.Version+" "+alt.Plural)
			}
			if !slices.Equal(found, c.alternatives) {
				t.Errorf("alternatives %q, want %q", found, c.alternatives)
			}
			if (got.Message == "") != (c.message == "") || !strings.Contains(got.Message, c.message) {
				t.Errorf("message %q, want %q", got.Message, c.message)
			}
			for _, r := range a.asked {
				if p := r.URL.Path; p != "/api/v1" && p != group && !strings.HasPrefix(p, group+"/") {
					t.Errorf("asked %s, which is not about this group", p)
				}
			}
		})
	}
}

// with adds an answer to a table.
func with(table map[string]*http.Response, path string, resp *http.Response) map[string]*http.Response {
	table[path] = resp
	return table
}

// Where the server does not say, nothing is known, and nobody may take the objects for gone.
func TestDiscoverKnowsNothing(t *testing.T) {
	const group, v1, v2 = "/apis/example.com", "/apis/example.com/v1", "/apis/example.com/v2"
	const all = "webapps WebApp namespaced list+watch"
	for name, table := range map[string]map[string]*http.Response{
		"no answer":               {group: nil},
		"group is an error":       {group: answer(500, "text/plain", "boom")},
		"group is forbidden":      {group: answer(403, "application/json", `{"kind":"Status","status":"Failure","reason":"Forbidden","code":403}`)},
		"group is rubbish":        {group: answer(200, "text/html", "<html>")},
		"declared version down":   with(served(map[string]string{group: "v1 v2"}, map[string]string{v2: all}), v1, answer(503, "text/plain", "down")),
		"the only other one down": with(served(map[string]string{group: "v1 v2"}, map[string]string{v1: "others Other namespaced watch"}), v2, answer(503, "text/plain", "down")),
	} {
		s, _ := ask(t, "http://server", table)
		got, err := s.Discover(t.Context(), webAppResource)
		if err == nil || !reflect.DeepEqual(got, Discovery{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
