package fake

import (
	"fmt"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func (c script) apply(path, manager, body string) got {
	c.Helper()
	return c.send("PATCH", path+"?fieldManager="+manager, body, "Content-Type", "application/apply-patch+yaml")
}

// managers are who manages what, one line for each entry.
func (g got) managers(want ...string) got {
	g.Helper()
	var is []string
	for _, e := range g.is.GetManagedFields() {
		line := fmt.Sprintf("%s %s %s %s", e.Manager, e.Operation, e.Subresource, e.FieldsV1)
		if e.APIVersion != g.is.GetAPIVersion() || e.FieldsType != "FieldsV1" || e.Time.IsZero() {
			g.Errorf("an entry says %+v", e)
		}
		is = append(is, line)
	}
	slices.Sort(is)
	if !slices.Equal(is, want) {
		g.Fatalf("managed are\n%q, want\n%q", is, want)
	}
	return g
}

func TestApply(t *testing.T) {
	c := newScript(t)
	one := func(data string) string {
		return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata: " + data
	}
	c.apply(cmaps+"/a", "one", one(`{x: "1", w: "1"}`)).ok(201).
		managers(`one Apply  {"f:data":{"f:w":{},"f:x":{}}}`)
	// What a manager does not say any more goes, what others say stays.
	c.apply(cmaps+"/a", "two", one(`{z: "2"}`)).ok(200).has("data", "map[w:1 x:1 z:2]")
	c.apply(cmaps+"/a", "one", one(`{x: "1"}`)).ok(200).has("data", "map[x:1 z:2]").
		managers(`one Apply  {"f:data":{"f:x":{}}}`, `two Apply  {"f:data":{"f:z":{}}}`)
	// The same again is no change.
	c.apply(cmaps+"/a", "one", one(`{x: "1"}`)).ok(200)
	c.history(cmaps, "AMM")

	g := c.apply(cmaps+"/a", "two", one(`{x: "2", z: "2"}`)).refused(409, `Apply failed with 1 conflict: conflict with "one": .data.x`)
	want := metav1.StatusCause{Type: metav1.CauseTypeFieldManagerConflict, Message: `conflict with "one"`, Field: ".data.x"}
	if causes := g.status.Details.Causes; !slices.Equal(causes, []metav1.StatusCause{want}) {
		t.Errorf("the causes are %+v", causes)
	}
	c.apply(cmaps+"/a", "two&force=true", one(`{x: "2", z: "2"}`)).ok(200).has("data/x", "2").
		managers(`two Apply  {"f:data":{"f:x":{},"f:z":{}}}`)
	// An update that takes a field over is noted, and conflicts later.
	c.merge(cmaps+"/a", `{"data":{"x":"3"}}`).ok(200).
		managers(`tester Update  {"f:data":{"f:x":{}}}`, `two Apply  {"f:data":{"f:z":{}}}`)
	c.apply(cmaps+"/a", "two", one(`{x: "4"}`)).refused(409, `conflict with "tester" using v1`)
}

func TestApplyRules(t *testing.T) {
	c := newScript(t)
	c.apply(cmaps+"/a", "", configMap("a", "")).refused(422, "fieldManager: Required value")
	c.apply(cmaps+"/a", "m", "{").refused(400, "error decoding YAML")
	c.apply(cmaps+"/a", "m", configMap("b", "")).refused(400, "does not match the name on the URL")
	c.apply(cmaps+"/a", "m", `{"apiVersion":"v1","kind":"ConfigMap"}`).refused(400, "name must be provided")
	c.apply(cmaps+"/a", "m", `{"apiVersion":"v2","kind":"ConfigMap"}`).refused(400, "v2")
	c.apply(cmaps+"/a", "m", `{"apiVersion":"v1","kind":"Secret"}`).refused(400, "Secret")
	c.apply(cmaps+"/a", "m", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"x"}}`).refused(409, "uid mismatch")
	c.apply(cmaps+"/a", "m", configMap("a", `,"dat":{}`)).refused(500, "field not declared in schema")
	c.apply("/api/v1/namespaces/none/configmaps/a", "m", configMap("a", "")).refused(404, `namespaces "none" not found`)
	c.apply(gizmos+"/g/status", "m", gizmoNamed("g", "", "")).refused(404, "not found")
	c.apply(cmaps+"/a", "m&dryRun=All", configMap("a", "")).ok(201)
	c.history(cmaps, "")
}

func TestApplyMergesListsByTheirKeys(t *testing.T) {
	c := newScript(t)
	with := func(name string) string {
		return fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},`+
			`"spec":{"template":{"spec":{"containers":[{"name":%q,"image":"i"}]}}}}`, name)
	}
	c.apply(deploy+"/d", "one", with("a")).ok(201)
	c.apply(deploy+"/d", "two", with("b")).ok(200).has("spec/template/spec/containers",
		"[map[image:i name:a resources:map[]] map[image:i name:b resources:map[]]]").has("metadata/generation", "2")
}

func TestApplyCustomResource(t *testing.T) {
	c := newScript(t)
	c.apply(gizmos+"/g", "one", gizmoNamed("g", "", `,"spec":{"l":[{"n":1}]}`)).ok(201).
		managers(`one Apply  {"f:spec":{".":{},"f:l":{}}}`).has("metadata/generation", "1")
	// Without a schema a list is one value.
	c.apply(gizmos+"/g", "two", gizmoNamed("g", "", `,"spec":{"l":[{"n":2}]}`)).refused(409, ".spec.l")
	c.apply(gizmos+"/g/status", "two", gizmoNamed("g", "", `,"status":{"r":1}`)).ok(200).has("status/r", "1").
		managers(`one Apply  {"f:spec":{".":{},"f:l":{}}}`, `two Apply status {"f:status":{".":{},"f:r":{}}}`)
	// Nobody comes to own what the path does not write.
	c.apply(gizmos+"/g", "one", gizmoNamed("g", "", `,"spec":{"l":[{"n":1}]},"status":{"r":2}`)).ok(200).has("status/r", "1").
		managers(`one Apply  {"f:spec":{".":{},"f:l":{}}}`, `two Apply status {"f:status":{".":{},"f:r":{}}}`)
}

func TestManagedFieldsOfOtherWrites(t *testing.T) {
	c := newScript(t)
	c.send("POST", cmaps+"?fieldManager=me", configMap("a", `,"data":{"x":"1"}`)).ok(201).
		managers(`me Update  {"f:data":{".":{},"f:x":{}}}`)
	c.put(cmaps+"/a", configMap("a", `,"data":{"x":"1","y":"1"}`)).ok(200).
		managers(`me Update  {"f:data":{".":{},"f:x":{}}}`, `tester Update  {"f:data":{"f:y":{}}}`)
	c.patch(cmaps+"/a", strategic, `{"data":{"x":null}}`).ok(200).
		managers(`me Update  {"f:data":{}}`, `tester Update  {"f:data":{"f:y":{}}}`)
	c.put(cmaps+"/a", `{"metadata":{"name":"a","managedFields":[{}]},"data":{"y":"1"}}`).ok(200).managers()
}

// Of a custom resource the metadata is known: managers share its finalizers, and its owners.
func TestApplyCustomResourceMetadata(t *testing.T) {
	c := newScript(t)
	with := func(name string) string {
		return gizmoNamed("g", fmt.Sprintf(`,"finalizers":["example.com/%s"],"ownerReferences":[`+
			`{"apiVersion":"v1","kind":"ConfigMap","name":%q,"uid":%q}]`, name, name, name), "")
	}
	c.apply(gizmos+"/g", "one", with("a")).ok(201)
	c.apply(gizmos+"/g", "two", with("b")).ok(200).has("metadata/finalizers", "[example.com/a example.com/b]")
	g := c.apply(gizmos+"/g", "one", gizmoNamed("g", "", "")).ok(200).has("metadata/finalizers", "[example.com/b]")
	if o := g.is.GetOwnerReferences(); len(o) != 1 || o[0].Name != "b" {
		t.Errorf("the owners are %v", o)
	}
}
