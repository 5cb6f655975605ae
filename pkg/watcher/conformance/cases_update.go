package conformance

import (
	"net/http"
	"strings"
)

// updateCases are about objects that are replaced.
func updateCases() []Case {
	return []Case{
		{Name: "an update of another state is a conflict", run: func(p *probe) {
			was := p.create("a")
			is := p.relabel("a", `"x":"y"`)
			p.put(p.in("configmaps", "a"), string(was.raw)).refused(409, "Conflict")
			p.put(p.in("configmaps", "a"), strings.Replace(string(is.raw), `"x":"y"`, `"x":"z"`, 1)).is(http.StatusOK).has("metadata/labels/x", "z")
			p.put(p.in("configmaps", "a"), configMap("a", `,"uid":"other"`, "")).refused(409, "Conflict")
		}},
		{Name: "an update that names no state is for any of a built-in kind, for none of a custom resource", run: func(p *probe) {
			p.create("a")
			p.put(p.in("configmaps", "a"), configMap("a", "", `,"data":{"k":"v"}`)).is(http.StatusOK).has("data/k", "v").has("metadata/labels", "<nil>")
			p.post(p.in(gizmos), gizmo("a", "", "")).is(http.StatusCreated)
			p.put(p.in(gizmos, "a"), gizmo("a", "", "")).refused(422, "Invalid")
		}},
		{Name: "an update of what is not there is a 404, and creates a Lease", run: func(p *probe) {
			p.put(p.in("configmaps", "a"), configMap("a", "", "")).refused(404, "NotFound")
			p.put(p.in("coordination.k8s.io/v1/leases", "a"), `{"metadata":{"name":"a"}}`).is(http.StatusCreated)
		}},
		{Name: "the body has to be of the object that the path names", run: func(p *probe) {
			p.create("a")
			p.put(p.in("configmaps", "a"), configMap("b", "", "")).refused(400, "BadRequest")
			p.put(p.in("configmaps", "a"), configMap("a", `,"namespace":"other"`, "")).refused(400, "BadRequest")
			p.put(p.in("configmaps", "a"), `{}`).refused(400, "BadRequest")
		}},
		{Name: "an update keeps what is the server's", run: func(p *probe) {
			was := p.create("a")
			is := p.put(p.in("configmaps", "a"), configMap("a", `,"creationTimestamp":"1999-01-01T00:00:00Z","deletionTimestamp":null,"labels":{"l":"1"}`, ""))
			is.is(http.StatusOK).has("metadata/uid", was.uid()).has("metadata/creationTimestamp", was.at("metadata/creationTimestamp"))
			p.rising(was.rv(), is.rv())
		}},
		{Name: "the status is written on its own path, and nothing else there", run: func(p *probe) {
			a := p.post(p.in(gizmos), gizmo("a", "", `,"spec":{"n":1},"status":{"ready":true}`)).is(http.StatusCreated).has("status", "<nil>")
			at := func(rv string) string { return `,"resourceVersion":"` + rv + `","labels":{"l":"1"}` }
			b := p.put(p.in(gizmos, "a", "status"), gizmo("a", at(a.rv()), `,"spec":{"n":2},"status":{"ready":true}`)).is(http.StatusOK)
			b.has("spec/n", "1").has("status/ready", "true").has("metadata/generation", "1").has("metadata/labels", "<nil>")
			c := p.put(p.in(gizmos, "a"), gizmo("a", at(b.rv()), `,"spec":{"n":2},"status":{"ready":false}`)).is(http.StatusOK)
			c.has("spec/n", "2").has("status/ready", "true").has("metadata/generation", "2").has("metadata/labels/l", "1")
			p.get(p.in(gizmos, "a", "status")).is(http.StatusOK).has("status/ready", "true")
			d := p.post(p.in(deployments), deployment()).is(http.StatusCreated)
			p.patch(p.in(deployments, "a", "status"), mergePatch, `{"status":{"replicas":3},"spec":{"replicas":9}}`).is(http.StatusOK).
				has("status/replicas", "3").has("spec/replicas", d.at("spec/replicas")).has("metadata/generation", "1")
		}},
		{Name: "the generation rises with the spec, and with nothing else", run: func(p *probe) {
			p.post(p.in(deployments), deployment()).is(http.StatusCreated)
			p.patch(p.in(deployments, "a"), mergePatch, `{"metadata":{"labels":{"l":"1"}}}`).is(http.StatusOK).has("metadata/generation", "1")
			p.patch(p.in(deployments, "a"), mergePatch, `{"spec":{"replicas":5}}`).is(http.StatusOK).has("metadata/generation", "2")
			p.patch(p.in(deployments, "a"), mergePatch, `{"status":{"replicas":5}}`).is(http.StatusOK).has("metadata/generation", "2")
			p.post(p.in(gizmos), gizmo("a", "", `,"spec":{"n":1}`)).is(http.StatusCreated)
			p.patch(p.in(gizmos, "a"), mergePatch, `{"metadata":{"annotations":{"l":"1"}}}`).is(http.StatusOK).has("metadata/generation", "1")
			p.patch(p.in(gizmos, "a"), mergePatch, `{"spec":{"n":2}}`).is(http.StatusOK).has("metadata/generation", "2")
		}},
	}
}
