package fake

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestUpdate(t *testing.T) {
	c := newScript(t)
	a := c.post(cmaps, configMap("a", `,"data":{"k":"v"}`)).ok(201)
	b := c.put(cmaps+"/a", a.edit(`"v"`, `"w"`)).ok(200).has("data/k", "w")
	if b.rv() == a.rv() {
		t.Error("a change has the resourceVersion of what it changed")
	}
	c.put(cmaps+"/a", a.edit(`"v"`, `"x"`)).refused(409, "the object has been modified")
	// A built-in kind is changed without a resourceVersion, whatever its state is.
	c.put(cmaps+"/a", configMap("a", `,"data":{"k":"y"}`)).ok(200).has("data/k", "y").
		has("metadata/uid", string(a.is.GetUID()))
	c.history(cmaps, "AMM")
}

func TestUpdateRules(t *testing.T) {
	c := newScript(t)
	c.post(cmaps, configMap("a", "")).ok(201)
	c.post(gizmos, gizmoNamed("g", "", "")).ok(201)
	lease := "/apis/coordination.k8s.io/v1/namespaces/default/leases"
	c.post(lease, `{"metadata":{"name":"l"}}`).ok(201)
	for _, r := range []struct {
		rule, path, body string
		code             int
		words            string
	}{
		{"what is not there is not found", cmaps + "/b", configMap("b", ""), 404, `configmaps "b" not found`},
		{"the name must be the URL's", cmaps + "/a", configMap("b", ""), 400, "does not match the name on the URL (a)"},
		{"a name must be said", cmaps + "/a", `{}`, 400, "name must be provided"},
		{"the namespace must be the URL's", cmaps + "/a", `{"metadata":{"name":"a","namespace":"b"}}`, 400, "namespace"},
		{"another uid is a conflict", cmaps + "/a", `{"metadata":{"name":"a","uid":"x"}}`, 409, "UID in precondition: x"},
		{"a resourceVersion is a number", cmaps + "/a", `{"metadata":{"name":"a","resourceVersion":"x"}}`, 500, "invalid syntax"},
		{"a custom resource needs its resourceVersion", gizmos + "/g", gizmoNamed("g", "", ""), 422,
			`gizmos.example.com "g" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update`},
		{"so do some built-in kinds", lease + "/l", `{"metadata":{"name":"l"}}`, 422, "must be specified for an update"},
	} {
		t.Run(r.rule, func(t *testing.T) {
			script{t, c.s}.put(r.path, r.body).refused(r.code, r.words)
		})
	}
	c.history(cmaps, "A")
}

func TestUpdateCreatesSomeKinds(t *testing.T) {
	c := newScript(t)
	lease := "/apis/coordination.k8s.io/v1/namespaces/default/leases"
	c.put(lease+"/l", `{"metadata":{"name":"l","uid":"x"}}`).refused(409, "UID")
	c.put(lease+"/l", `{"metadata":{"name":"l"}}`).ok(201)
	c.history(lease, "A")
}

func TestUpdateKeepsMetadata(t *testing.T) {
	c := newScript(t)
	a := c.post(cmaps, configMap("a", "")).ok(201)
	c.put(cmaps+"/a", `{"metadata":{"name":"a","creationTimestamp":"1999-01-01T00:00:00Z","generation":9,`+
		`"labels":{"l":"1"}}}`).ok(200).
		has("metadata/creationTimestamp", a.is.GetCreationTimestamp().UTC().Format(time.RFC3339)).
		has("metadata/generation", "<nil>").has("metadata/labels/l", "1")
	// Nobody but a deletion sets a deletionTimestamp.
	c.put(cmaps+"/a", `{"metadata":{"name":"a","deletionTimestamp":"1999-01-01T00:00:00Z"}}`).refused(422, "deletionTimestamp")
}

func TestUpdateOfNothingIsNoChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newScript(t)
		a := c.post(gizmos, gizmoNamed("g", "", `,"spec":{"n":1}`)).ok(201)
		time.Sleep(time.Hour) // virtual: the times in managedFields alone are no change
		b := c.put(gizmos+"/g", a.edit("1", "1")).ok(200)
		if b.rv() != a.rv() {
			t.Errorf("an update of nothing went from %s to %s", a.rv(), b.rv())
		}
		c.history(gizmos, "A")
	})
}

func TestUpdateGeneration(t *testing.T) {
	c := newScript(t)
	a := c.post(gizmos, gizmoNamed("g", "", `,"spec":{"n":1}`)).ok(201)
	b := c.put(gizmos+"/g", a.edit(`"n":1`, `"n":2`)).ok(200).has("metadata/generation", "2")
	b = c.put(gizmos+"/g", b.edit(`"name":"g"`, `"name":"g","labels":{"l":"1"}`)).ok(200).has("metadata/generation", "2")
	c.put(gizmos+"/g/status", b.edit(`"spec"`, `"status":{"ready":true},"spec"`)).ok(200).has("metadata/generation", "2")
	c.post(deploy, `{"metadata":{"name":"d"},"spec":{"replicas":1}}`).ok(201)
	c.merge(deploy+"/d", `{"metadata":{"annotations":{"a":"1"}}}`).ok(200).has("metadata/generation", "2")
	c.merge(deploy+"/d", `{"spec":{"replicas":3}}`).ok(200).has("metadata/generation", "3")
}

func TestUpdateOfStatus(t *testing.T) {
	c := newScript(t)
	a := c.post(gizmos, gizmoNamed("g", "", `,"spec":{"n":1}`)).ok(201)
	// The main path does not change the status, so that this changes nothing.
	if b := c.put(gizmos+"/g", a.edit(`"spec"`, `"status":{"r":1},"spec"`)).ok(200).has("status", "<nil>"); b.rv() != a.rv() {
		t.Error("a status on the main path is a change")
	}
	// The path for the status changes nothing else; of a custom resource not its metadata either.
	b := c.put(gizmos+"/g/status", a.edit(`"spec":{"n":1}`, `"spec":{"n":9},"status":{"r":1}`)).ok(200).
		has("spec/n", "1").has("status/r", "1")
	b = c.put(gizmos+"/g/status", b.edit(`"name":"g"`, `"name":"g","labels":{"l":"1"}`)).ok(200).has("metadata/labels", "<nil>")
	// It can be taken away there.
	c.put(gizmos+"/g/status", b.edit(`"status":{"r":1}`, `"other":1`)).ok(200).has("status", "<nil>").has("other", "<nil>")
	c.history(gizmos, "AMM")
}

func TestUpdateOfBuiltinStatus(t *testing.T) {
	c := newScript(t)
	c.post(deploy, `{"metadata":{"name":"d","labels":{"l":"1"}},"spec":{"replicas":1}}`).ok(201)
	// A Deployment's annotations can be changed together with its status, its labels cannot.
	c.merge(deploy+"/d/status", `{"metadata":{"labels":{"l":"2"},"annotations":{"a":"1"}},"spec":{"replicas":5},`+
		`"status":{"replicas":3}}`).ok(200).
		has("metadata/labels/l", "1").has("metadata/annotations/a", "1").has("spec/replicas", "1").has("status/replicas", "3")
	c.merge(deploy+"/d", `{"status":{"replicas":9}}`).ok(200).has("status/replicas", "3")
	// A kind that has its metadata kept.
	const flows = "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas"
	c.post(flows, `{"metadata":{"name":"f"}}`).ok(201)
	c.merge(flows+"/f/status", `{"metadata":{"labels":{"l":"1"}}}`).ok(200).has("metadata/labels", "<nil>")
}

func TestUpdateDryRun(t *testing.T) {
	c := newScript(t)
	a := c.post(cmaps, configMap("a", `,"data":{"k":"v"}`)).ok(201)
	if b := c.put(cmaps+"/a?dryRun=All", a.edit(`"v"`, `"w"`)).ok(200).has("data/k", "w"); b.rv() != a.rv() {
		t.Errorf("a dry run answers with resourceVersion %s, want %s", b.rv(), a.rv())
	}
	c.history(cmaps, "A")
}
