package fake

import (
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

func TestCreate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newScript(t)
		time.Sleep(1500 * time.Millisecond) // virtual: creationTimestamps are cut to seconds
		a := c.post(cmaps, configMap("a", `,"data":{"k":"v"}`)).ok(201).
			has("data/k", "v").has("metadata/namespace", "default").has("metadata/generation", "<nil>").
			has("metadata/creationTimestamp", "2000-01-01T00:00:01Z")
		if len(a.is.GetUID()) != 36 || a.rv() == "" {
			t.Fatalf("uid %q, resourceVersion %q", a.is.GetUID(), a.rv())
		}
		c.post(cmaps, configMap("a", "")).refused(409, `configmaps "a" already exists`)
		c.history(cmaps, "A")
	})
}

func TestCreateRules(t *testing.T) {
	c := newScript(t)
	for _, r := range []struct {
		rule, path, body string
		code             int
		words            string
	}{
		{"a resourceVersion is refused late, by the store", cmaps,
			`{"metadata":{"name":"a","resourceVersion":"1"}}`, 500, "resourceVersion should not be set"},
		{"the namespace must be the URL's", cmaps,
			`{"metadata":{"name":"a","namespace":"other"}}`, 400, "does not match the namespace sent on the request"},
		{"the namespace must exist", "/api/v1/namespaces/none/configmaps",
			`{"metadata":{"name":"a"}}`, 404, `namespaces "none" not found`},
		{"a name is needed", cmaps, `{"metadata":{}}`, 422, "name or generateName is required"},
		{"a name is a DNS name", cmaps, `{"metadata":{"name":"A b"}}`, 422, "lowercase RFC 1123 subdomain"},
		{"a namespace's name is a DNS label", spaces, `{"metadata":{"name":"a.b"}}`, 422, "must not contain dots"},
		{"a role's name is one segment of a path", "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles",
			`{"metadata":{"name":"a/b"}}`, 422, "may not contain '/'"},
		{"a custom resource's name is a DNS name", gizmos, gizmoNamed("A_b", "", ""), 422, "lowercase RFC 1123"},
		{"labels are valid", cmaps, `{"metadata":{"name":"a","labels":{"a b":"c"}}}`, 422, "metadata.labels"},
		{"finalizers are valid", cmaps, `{"metadata":{"name":"a","finalizers":["a b"]}}`, 422, "metadata.finalizers"},
		{"another version is refused", cmaps, `{"apiVersion":"v2","metadata":{"name":"a"}}`, 400, "(v2) does not match"},
		{"another kind is refused", cmaps, `{"kind":"Pod","metadata":{"name":"a"}}`, 400, "cannot be handled as a ConfigMap"},
		{"a custom resource says its kind", gizmos, `{"apiVersion":"example.com/v1"}`, 400, "'Kind' is missing"},
		{"another custom kind is invalid", gizmos,
			`{"apiVersion":"example.com/v1","kind":"Other"}`, 422, "must be Gizmo"},
		{"a wrong type is refused", cmaps, `{"metadata":{"name":"a"},"data":7}`, 400, "cannot be handled as a ConfigMap"},
		{"metadata is an object", gizmos, `{"apiVersion":"example.com/v1","kind":"Gizmo","metadata":7}`, 400, "metadata"},
		{"what is not JSON is refused", cmaps, `{`, 400, "unrecognized"},
		{"null is an object of which nothing is said", cmaps, `null`, 422, "name or generateName is required"},
		{"null is no custom resource", gizmos, `null`, 400, "unrecognized"},
		{"finalizers of built-in kinds are qualified", cmaps,
			`{"metadata":{"name":"a","finalizers":["mine"]}}`, 422, "name is neither a standard finalizer name nor is it fully qualified"},
		{"unknown fields are refused where that is asked for", cmaps + "?fieldValidation=Strict",
			`{"metadata":{"name":"a"},"nothing":1}`, 400, `unknown field "nothing"`},
	} {
		t.Run(r.rule, func(t *testing.T) {
			script{t, c.s}.post(r.path, r.body).refused(r.code, r.words)
		})
	}
	c.send("POST", cmaps, "x", "Content-Type", "text/plain").refused(415, "accepted media types")
	c.send("POST", gizmos, "x", "Content-Type", "application/vnd.kubernetes.protobuf").refused(415, "accepted media types")
	c.post(cmaps+"?dryRun=Some", configMap("a", "")).refused(422, "dryRun")
	c.history(cmaps, "")
	c.history(gizmos, "")
}

func TestCreateGeneratesNames(t *testing.T) {
	c := newScript(t)
	want := regexp.MustCompile(`^web-[a-z0-9]{5}$`)
	names := map[string]bool{}
	for range 20 {
		name := c.post(cmaps, `{"metadata":{"generateName":"web-"}}`).ok(201).is.GetName()
		if !want.MatchString(name) || names[name] {
			t.Fatalf("the name %q does not fit, or is taken", name)
		}
		names[name] = true
	}
	// The name counts if both are given.
	c.post(cmaps, `{"metadata":{"generateName":"web-","name":"x"}}`).ok(201).has("metadata/name", "x")
	if n := generatedName("a-prefix-that-is-longer-than-what-a-label-may-have-as-its-value-is"); len(n) != 63 {
		t.Errorf("%s has %d characters, want 63", n, len(n))
	}
}

func TestCreateDropsStatusAndSetsGeneration(t *testing.T) {
	c := newScript(t)
	c.post(gizmos, gizmoNamed("g", `,"generation":7,"uid":"mine"`, `,"spec":{"n":1},"status":{"ready":true}`)).ok(201).
		has("status", "<nil>").has("spec/n", "1").has("metadata/generation", "1")
	c.post(deploy, `{"metadata":{"name":"d"},"spec":{"replicas":2},"status":{"replicas":2}}`).ok(201).
		has("status/replicas", "<nil>").has("metadata/generation", "1")
	c.post("/api/v1/nodes", `{"metadata":{"name":"n"},"status":{"phase":"Running"}}`).ok(201).has("status/phase", "Running")
}

func TestCreateFillsNamespaces(t *testing.T) {
	c := newScript(t)
	c.post(spaces, `{"metadata":{"name":"n"}}`).ok(201).has("status/phase", "Active").
		has("spec/finalizers", "[kubernetes]").has("metadata/labels", "map[kubernetes.io/metadata.name:n]")
	c.post("/api/v1/namespaces/n/configmaps", configMap("a", "")).ok(201)
}

func TestCreateDryRun(t *testing.T) {
	c := newScript(t)
	g := c.post(cmaps+"?dryRun=All", configMap("a", "")).ok(201)
	if g.rv() != "" || g.is.GetUID() == "" {
		t.Errorf("a dry run has resourceVersion %q and uid %q", g.rv(), g.is.GetUID())
	}
	c.history(cmaps, "")
}

func TestCreateFromYAMLAndProtobuf(t *testing.T) {
	c := newScript(t)
	c.send("POST", cmaps, "metadata:\n  name: from-yaml\ndata:\n  k: v\n", "Content-Type", "application/yaml").ok(201).has("data/k", "v")
	raw, err := (&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Data: map[string]string{"k": "v"}}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	u := runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, Raw: raw}
	body, err := u.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	const protobuf = "application/vnd.kubernetes.protobuf"
	c.send("POST", cmaps, "k8s\x00"+string(body), "Content-Type", protobuf).ok(201).has("data/k", "v").has("kind", "ConfigMap")
	c.send("POST", cmaps, "k8s"+string(body), "Content-Type", protobuf).refused(400, "begins with")
	c.send("POST", deploy, "k8s\x00"+string(body), "Content-Type", protobuf).refused(400, "does not match the expected")
}
