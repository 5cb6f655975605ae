package conformance

import (
	"net/http"
	"strings"
)

const deployments = "apps/v1/deployments"

// deployment is the text of a Deployment, a.
func deployment() string {
	return `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{"replicas":1,` +
		`"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}`
}

// createCases are about new objects.
func createCases() []Case {
	return []Case{
		{Name: "a new object gets UID, time and version, and its creation is told", run: func(p *probe) {
			rv := p.create("z").rv()
			w := p.watch(p.in("configmaps"), "&resourceVersion="+rv)
			mine := `,"uid":"mine","creationTimestamp":"1999-01-01T00:00:00Z","generation":7,"deletionTimestamp":"1999-01-01T00:00:00Z"`
			a := p.post(p.in("configmaps"), configMap("a", mine, `,"data":{"k":"v"}`)).is(http.StatusCreated)
			a.has("kind", "ConfigMap").has("metadata/namespace", p.namespace).has("data/k", "v").has("metadata/deletionTimestamp", "<nil>")
			if a.uid() == "mine" || len(a.uid()) != 36 || strings.HasPrefix(a.at("metadata/creationTimestamp"), "1999") {
				p.errorf("%s", a.raw)
			}
			p.rising(rv, a.rv())
			if e := w.expect("ADDED a")[0]; string(e.UID) != a.uid() || e.ResourceVersion != a.rv() {
				p.errorf("told is %s at %s", e.UID, e.ResourceVersion)
			}
			p.get(p.in("configmaps", "a")).is(http.StatusOK).has("metadata/resourceVersion", a.rv())
		}},
		{Name: "a name that is taken is a conflict", run: func(p *probe) {
			p.create("a")
			p.post(p.in("configmaps"), configMap("a", "", "")).refused(409, "AlreadyExists")
			p.post(p.in(gizmos), gizmo("a", "", "")).is(http.StatusCreated)
			p.post(p.in(gizmos), gizmo("a", "", "")).refused(409, "AlreadyExists")
		}},
		{Name: "a name is made from generateName", run: func(p *probe) {
			a := p.post(p.in("configmaps"), `{"metadata":{"generateName":"made-"}}`).is(http.StatusCreated)
			b := p.post(p.in("configmaps"), `{"metadata":{"generateName":"made-"}}`).is(http.StatusCreated)
			for _, name := range []string{a.at("metadata/name"), b.at("metadata/name")} {
				if !strings.HasPrefix(name, "made-") || len(name) != len("made-")+5 {
					p.errorf("made %s", name)
				}
			}
		}},
		{Name: "what is wrong with a new object is said by the status", run: func(p *probe) {
			for body, code := range map[string]int{
				`{"metadata":{}}`: 422, `{"metadata":{"name":"A b"}}`: 422, `{"metadata":{"name":"a","labels":{"a b":"c"}}}`: 422,
				`{"metadata":{"name":"a","namespace":"other"}}`: 400, `{"metadata":{"name":"a"},"data":7}`: 400, `{`: 400, `7`: 400,
				`{"apiVersion":"v2","metadata":{"name":"a"}}`: 400, `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}`: 400,
			} {
				p.post(p.in("configmaps"), body).is(code)
			}
			p.post("/api/v1/namespaces/no-such-namespace/configmaps", configMap("a", "", "")).refused(404, "NotFound")
			p.ask("POST", p.in("configmaps"), "x", "Content-Type", "text/plain").refused(415, "UnsupportedMediaType")
			huge := configMap("a", "", `,"data":{"k":"`+strings.Repeat("x", 4<<20)+`"}`)
			p.post(p.in("configmaps"), huge).refused(413, "RequestEntityTooLarge")
		}},
		{Name: "a body of JSON null is no object", run: func(p *probe) {
			p.post(p.in("configmaps"), "null").refused(422, "Invalid")
			p.post(p.in(gizmos), "null").is(400)
			p.create("a")
			p.put(p.in("configmaps", "a"), "null").is(400)
		}},
		{Name: "a finalizer of a built-in kind has to be qualified", run: func(p *probe) {
			p.post(p.in("configmaps"), configMap("a", `,"finalizers":["mine"]`, "")).refused(422, "Invalid")
			p.post(p.in("configmaps"), configMap("b", `,"finalizers":["example.com/mine"]`, "")).is(http.StatusCreated)
			p.post(p.in("configmaps"), configMap("c", `,"finalizers":["orphan","foregroundDeletion","kubernetes"]`, "")).is(422)
			p.post(p.in("configmaps"), configMap("d", `,"finalizers":["orphan","kubernetes"]`, "")).is(http.StatusCreated)
		}},
		{Name: "a finalizer of a custom resource that is not qualified is warned of", Rules: []int{45}, run: func(p *probe) {
			a := p.post(p.in(gizmos), gizmo("a", `,"finalizers":["mine"]`, "")).is(http.StatusCreated)
			if w := a.header.Get("Warning"); !strings.Contains(w, `299 - "metadata.finalizers: \"mine\": prefer a domain-qualified finalizer name`) {
				p.errorf("the warning is %q", w)
			}
		}},
		{Name: "a Secret's text is kept as its data", run: func(p *probe) {
			a := p.post(p.in("secrets"), `{"metadata":{"name":"a"},"data":{"x":"eA==","y":"eQ=="},"stringData":{"y":"z"}}`).is(http.StatusCreated)
			a.has("data/x", "eA==").has("data/y", "eg==").has("stringData", "<nil>").has("type", "Opaque")
			a = p.patch(p.in("secrets", "a"), mergePatch, `{"stringData":{"n":"1"}}`).is(http.StatusOK)
			a.has("data/n", "MQ==").has("data/x", "eA==").has("stringData", "<nil>")
		}},
		{Name: "what is only tried is not done", run: func(p *probe) {
			rv := p.create("z").rv()
			w := p.watch(p.in("configmaps"), "&resourceVersion="+rv)
			a := p.post(p.in("configmaps")+"?dryRun=All", configMap("a", "", "")).is(http.StatusCreated)
			if a.uid() == "<nil>" {
				p.errorf("no UID: %s", a.raw)
			}
			p.get(p.in("configmaps", "a")).refused(404, "NotFound")
			p.patch(p.in("configmaps", "z")+"?dryRun=All", mergePatch, `{"data":{"k":"v"}}`).is(http.StatusOK).has("data/k", "v")
			p.del(p.in("configmaps", "z")+"?dryRun=All", "").is(http.StatusOK)
			p.create("b")
			w.expect("ADDED b")
		}},
		{Name: "a generation begins at 1 where there is one", run: func(p *probe) {
			p.post(p.in(deployments), deployment()).is(http.StatusCreated).has("metadata/generation", "1")
			p.post(p.in(gizmos), gizmo("a", `,"generation":7`, "")).is(http.StatusCreated).has("metadata/generation", "1")
			p.create("a").has("metadata/generation", "<nil>")
		}},
		{Name: "who writes is noted in managedFields", run: func(p *probe) {
			if m := p.create("a", `"x":"y"`).managers(); m != "[conformance Update]" {
				p.errorf("managed by %s", m)
			}
			p.patch(p.in("configmaps", "a")+"?fieldManager=m", applyPatch, configMap("a", "", `,"data":{"k":"v"}`)).is(http.StatusOK)
			if m := p.get(p.in("configmaps", "a")).managers(); m != "[m Apply conformance Update]" {
				p.errorf("managed by %s", m)
			}
		}},
	}
}
