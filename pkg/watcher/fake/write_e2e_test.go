//go:build e2e

package fake

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/internal/testenv"
)

// step is a request whose answers have to be the same. $RV stands for the resourceVersion of the last object.
type step struct{ method, path, media, body string }

const gizmoDefinition = `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",` +
	`"metadata":{"name":"gizmos.example.com"},"spec":{"group":"example.com","scope":"Namespaced",` +
	`"names":{"plural":"gizmos","singular":"gizmo","kind":"Gizmo","listKind":"GizmoList"},"versions":[{"name":"v1",` +
	`"served":true,"storage":true,"subresources":{"status":{}},"schema":{"openAPIV3Schema":{"type":"object",` +
	`"x-kubernetes-preserve-unknown-fields":true}}}]}}`

const applyPatch = "application/apply-patch+yaml"

var sameSteps = []step{
	{"POST", cmaps, "", configMap("a", `,"data":{"k":"v"}`)},
	{"POST", cmaps, "", configMap("a", "")},
	{"POST", cmaps, "", `{"metadata":{"name":"b","resourceVersion":"1"}}`},
	{"POST", cmaps, "", `{"metadata":{"name":"b","namespace":"other"}}`},
	{"POST", "/api/v1/namespaces/none/configmaps", "", `{"metadata":{"name":"b"}}`},
	{"POST", cmaps, "", `{"metadata":{}}`},
	{"POST", cmaps, "", `{"metadata":{"name":"b","labels":{"a b":"c"}}}`},
	{"POST", cmaps, "", `{"metadata":{"name":"b","finalizers":["a b"]}}`},
	{"POST", cmaps, "", `{"apiVersion":"v2","metadata":{"name":"b"}}`},
	{"POST", cmaps, "", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"}}`},
	{"POST", cmaps, "", `{"metadata":{"name":"b"},"data":7}`},
	{"POST", cmaps, "", `{`},
	{"POST", cmaps, "text/plain", `x`},
	{"POST", cmaps + "?dryRun=Some", "", configMap("b", "")},
	{"POST", cmaps + "?dryRun=All", "", configMap("b", "")},
	{"POST", cmaps + "/b", "", configMap("b", "")},
	{"PUT", cmaps, "", configMap("b", "")},
	{"DELETE", spaces, "", ""},
	{"DELETE", "/api/v1/configmaps", "", ""},
	{"PUT", cmaps + "/a", "", configMap("a", `,"data":{"k":"w"}`)},
	{"PUT", cmaps + "/b", "", configMap("b", "")},
	{"PUT", cmaps + "/a", "", configMap("b", "")},
	{"PUT", cmaps + "/a", "", `{}`},
	{"PUT", cmaps + "/a", "", `{"metadata":{"name":"a","uid":"x"}}`},
	{"PUT", cmaps + "/a", "", `{"metadata":{"name":"a","resourceVersion":"x"}}`},
	{"PUT", cmaps + "/a", "", `{"metadata":{"name":"a","resourceVersion":"1"}}`},
	{"PUT", cmaps + "/a", "", `{"metadata":{"name":"a","creationTimestamp":"1999-01-01T00:00:00Z","generation":9,"labels":{"l":"1"}}}`},
	{"PUT", cmaps + "/a", "", `{"metadata":{"name":"a","deletionTimestamp":"1999-01-01T00:00:00Z"}}`},
	{"PATCH", cmaps + "/a", mergePatch, `{"data":{"k":"x"}}`},
	{"PATCH", cmaps + "/a", strategic, `{"data":{"l":"x"}}`},
	{"PATCH", cmaps + "/a", jsonPatch, `[{"op":"replace","path":"/data/k","value":"y"}]`},
	{"PATCH", cmaps + "/a", jsonPatch, `[{"op":"test","path":"/data/k","value":"w"}]`},
	{"PATCH", cmaps + "/a", jsonPatch, `[{"op":"remove","path":"/data/no"}]`},
	{"PATCH", cmaps + "/a", jsonPatch, `{}`},
	{"PATCH", cmaps + "/a", mergePatch, `{`},
	{"PATCH", cmaps + "/a", strategic, `7`},
	{"PATCH", cmaps + "/a", "application/json", `{}`},
	{"PATCH", cmaps + "/b", mergePatch, `{}`},
	{"PATCH", cmaps + "/a", mergePatch, `{"metadata":{"resourceVersion":"1"}}`},
	{"PATCH", cmaps + "/a", mergePatch, `{"metadata":{"uid":"x"}}`},
	{"PATCH", cmaps + "/a", mergePatch, `{"metadata":{"name":"x"}}`},
	{"PATCH", cmaps + "/a", mergePatch, `{"metadata":{"namespace":"x"}}`},
	{"PATCH", cmaps + "/a?force=true", mergePatch, `{}`},
	{"PATCH", cmaps + "/a?dryRun=All", mergePatch, `{"data":{"k":"z"}}`},
	{"PATCH", cmaps + "/c", applyPatch, configMap("c", "")},
	{"PATCH", cmaps + "/c?fieldManager=m", applyPatch, "{"},
	{"PATCH", cmaps + "/c?fieldManager=m", applyPatch, configMap("d", "")},
	{"PATCH", cmaps + "/c?fieldManager=m", applyPatch, `{"apiVersion":"v1","kind":"ConfigMap"}`},
	{"PATCH", cmaps + "/c?fieldManager=m", applyPatch, `{"apiVersion":"v2","kind":"ConfigMap"}`},
	{"PATCH", cmaps + "/c?fieldManager=m", applyPatch, `{"apiVersion":"v1","kind":"Secret"}`},
	{"PATCH", cmaps + "/c?fieldManager=m", applyPatch, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","uid":"x"}}`},
	{"PATCH", cmaps + "/c?fieldManager=m", applyPatch, configMap("c", `,"dat":{}`)},
	{"PATCH", cmaps + "/c?fieldManager=m", applyPatch, configMap("c", `,"data":{"x":"1","w":"1"}`)},
	{"PATCH", cmaps + "/c?fieldManager=n", applyPatch, configMap("c", `,"data":{"x":"2"}`)},
	{"PATCH", cmaps + "/c?fieldManager=n&force=true", applyPatch, configMap("c", `,"data":{"x":"2"}`)},
	{"PATCH", cmaps + "/c?fieldManager=m", applyPatch, configMap("c", `,"data":{"z":"2"}`)},
	{"PATCH", cmaps + "/c", mergePatch, `{"data":{"x":"3"}}`},
	{"POST", cmaps + "?fieldValidation=Strict", "", configMap("s", `,"dat":{"x":"1"}`)},
	{"POST", cmaps + "?fieldValidation=Ignore&dryRun=All", "", configMap("s", `,"dat":{"x":"1"}`)},
	{"POST", cmaps + "?fieldValidation=Some", "", configMap("s", "")},
	{"POST", deploy + "?fieldValidation=Strict", "", `{"metadata":{"name":"d"},"spec":{"template":{"spec":{"container":[]}}}}`},
	{"PUT", cmaps + "/c?fieldValidation=Strict", "", configMap("c", `,"dat":{"x":"1"}`)},
	{"PATCH", cmaps + "/c?fieldValidation=Strict", mergePatch, `{"dat":{"x":"1"}}`},
	{"PATCH", cmaps + "/c?fieldValidation=Strict", strategic, `{"dat":{"x":"1"}}`},
	{"PATCH", cmaps + "/c?fieldValidation=Strict", jsonPatch, `[{"op":"add","path":"/dat","value":{}}]`},
	{"PATCH", cmaps + "/c?fieldValidation=Strict", mergePatch, `{"data":{"x":"9"}}`},
	{"PATCH", cmaps + "/c?fieldManager=m&fieldValidation=Strict", applyPatch, configMap("c", `,"dat":{}`)},
	{"DELETE", cmaps + "/a", "", `{"preconditions":{"uid":"x"}}`},
	{"DELETE", cmaps + "/a", "", `{"preconditions":{"resourceVersion":"1"}}`},
	{"DELETE", cmaps + "/a?dryRun=All", "", ""},
	{"DELETE", cmaps + "/a", "", ""},
	{"DELETE", cmaps + "/a", "", ""},
	{"DELETE", cmaps + "/a", "", `{`},
	{"DELETE", cmaps + "/a", "text/plain", `x`},

	{"POST", gizmos, "", gizmoNamed("g", `,"generation":7,"uid":"mine"`, `,"spec":{"n":1},"status":{"ready":true}`)},
	{"POST", gizmos, "", gizmoNamed("A_b", "", "")},
	{"POST", gizmos, "", `{"apiVersion":"example.com/v1","metadata":{"name":"h"}}`},
	{"POST", gizmos, "", `{"apiVersion":"example.com/v1","kind":"Other","metadata":{"name":"h"}}`},
	{"POST", gizmos, "", `{"apiVersion":"example.com/v2","kind":"Gizmo","metadata":{"name":"h"}}`},
	{"POST", gizmos, "", `{"apiVersion":"example.com/v1","kind":"Gizmo","metadata":7}`},
	{"PUT", gizmos + "/g", "", gizmoNamed("g", "", "")},
	{"PUT", gizmos + "/g", "", gizmoNamed("g", `,"resourceVersion":"1"`, "")},
	{"PUT", gizmos + "/g", "", gizmoNamed("g", `,"resourceVersion":"$RV"`, `,"spec":{"n":2},"status":{"r":1}`)},
	{"PUT", gizmos + "/g/status", "", gizmoNamed("g", `,"resourceVersion":"$RV","labels":{"l":"1"}`, `,"spec":{"n":3},"status":{"r":1}`)},
	{"PUT", gizmos + "/g", "", gizmoNamed("g", `,"resourceVersion":"$RV","labels":{"l":"1"}`, `,"spec":{"n":2}`)},
	{"PATCH", gizmos + "/g", strategic, `{}`},
	{"PATCH", gizmos + "/g", mergePatch, `{"kind":"Other"}`},
	{"PATCH", gizmos + "/h/status?fieldManager=m", applyPatch, gizmoNamed("h", "", `,"status":{"r":1}`)},
	{"PATCH", gizmos + "/h?fieldManager=m", applyPatch, gizmoNamed("h", "", `,"spec":{"l":[{"n":1}]},"status":{"r":1}`)},
	{"PATCH", gizmos + "/h?fieldManager=n", applyPatch, gizmoNamed("h", "", `,"spec":{"l":[{"n":2}]}`)},
	{"PATCH", gizmos + "/h/status?fieldManager=n", applyPatch, gizmoNamed("h", "", `,"status":{"r":1}`)},
	{"PATCH", gizmos + "/g", mergePatch, `{"metadata":{"finalizers":["example.com/a","example.com/b"]}}`},
	{"DELETE", gizmos + "/g", "", ""},
	{"DELETE", gizmos + "/g", "", ""},
	{"PATCH", gizmos + "/g", mergePatch, `{"metadata":{"finalizers":["example.com/a","example.com/c"]}}`},
	{"PATCH", gizmos + "/g", mergePatch, `{"metadata":{"deletionTimestamp":null}}`},
	{"PATCH", gizmos + "/g", mergePatch, `{"metadata":{"finalizers":["example.com/a"]}}`},
	{"PATCH", gizmos + "/g", mergePatch, `{"metadata":{"finalizers":null}}`},
	{"DELETE", gizmos + "/g", "", ""},
	{"DELETE", gizmos + "/h", "", ""},

	{"POST", spaces, "", `{"metadata":{"name":"n"}}`},
	{"POST", "/api/v1/namespaces/n/configmaps", "", `{"metadata":{"name":"b","finalizers":["example.com/f"]}}`},
	{"PATCH", spaces + "/n", mergePatch, `{"spec":{"finalizers":null}}`},
	{"DELETE", spaces + "/default", "", ""},
	{"DELETE", spaces + "/n", "", ""},
	{"DELETE", spaces + "/n", "", ""},
	{"POST", "/api/v1/namespaces/n/configmaps", "", configMap("c", "")},

	{"PUT", "/apis/coordination.k8s.io/v1/namespaces/default/leases/l", "", `{"metadata":{"name":"l","uid":"x"}}`},
	{"PUT", "/apis/coordination.k8s.io/v1/namespaces/default/leases/l", "", `{"metadata":{"name":"l"}}`},
	{"PUT", "/apis/coordination.k8s.io/v1/namespaces/default/leases/l", "", `{"metadata":{"name":"l"}}`},
	{"POST", "/api/v1/namespaces/default/serviceaccounts", "", `{"metadata":{"name":"s"}}`},
	{"DELETE", "/api/v1/namespaces/default/serviceaccounts/s", "", ""},
}

var changing = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|20[0-9]{2}-[0-9T:-]*Z`)

// side is one of the two servers.
type side struct {
	client *http.Client
	host   string
	rv     string
}

func newSide(t *testing.T, config *rest.Config) *side {
	t.Helper()
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	u, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		t.Fatal(err)
	}
	return &side{client: client, host: strings.TrimSuffix(u.String(), "/")}
}

// ask sends a step, and gives the answer without what differs by chance.
func (s *side) ask(ctx context.Context, t *testing.T, st step) string {
	t.Helper()
	body := strings.ReplaceAll(st.body, "$RV", s.rv)
	r, err := http.NewRequestWithContext(ctx, st.method, s.host+st.path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", "tester/v1")
	r.Header.Set("Content-Type", st.media)
	if st.media == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var content map[string]any
	if json.Unmarshal(raw, &content) != nil {
		return fmt.Sprintf("%d %s", resp.StatusCode, raw)
	}
	if content["kind"] == "Status" {
		// Messages differ in how they quote what does not parse.
		return fmt.Sprintf("%d %s %s", resp.StatusCode, content["status"], content["reason"])
	}
	// Managers stand in the order of their times, which may fall into one second or not.
	managed := wrap(content).GetManagedFields()
	slices.SortFunc(managed, func(a, b metav1.ManagedFieldsEntry) int {
		return strings.Compare(a.Manager+a.Subresource, b.Manager+b.Subresource)
	})
	wrap(content).SetManagedFields(managed)
	text := changing.ReplaceAllString(string(mustJSON(content)), "*")
	if rv := wrap(content).GetResourceVersion(); rv != "" {
		s.rv = rv
		text = strings.ReplaceAll(text, `"resourceVersion":"`+rv+`"`, `"resourceVersion":"*"`)
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, text)
}

func mustJSON(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}

// One script of requests is answered alike by this server and a real one.
func TestWritesAsARealServer(t *testing.T) {
	env, err := testenv.Start(t.Context(), testenv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = env.Stop() })
	cluster, mine := newSide(t, env.Config), newSide(t, New(WithResources(gizmo)).Config())
	cluster.ask(t.Context(), t, step{"POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "", gizmoDefinition})
	served := func(ctx context.Context) (bool, error) {
		return strings.HasPrefix(cluster.ask(ctx, t, step{"DELETE", gizmos + "/none", "", ""}), "404 Failure"), nil
	}
	if err := wait.PollUntilContextCancel(t.Context(), 100*time.Millisecond, true, served); err != nil {
		t.Fatal(err)
	}
	for _, st := range sameSteps {
		if want, is := cluster.ask(t.Context(), t, st), mine.ask(t.Context(), t, st); is != want {
			t.Errorf("%s %s %s %s\n real %s\n fake %s", st.method, st.path, st.media, st.body, want, is)
		}
	}
}
