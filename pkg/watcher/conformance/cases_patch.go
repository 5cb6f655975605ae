package conformance

import "net/http"

// patchCases are about objects that are patched.
func patchCases() []Case {
	return []Case{
		{Name: "a merge patch puts, and takes away what is null", run: func(p *probe) {
			p.post(p.in("configmaps"), configMap("a", "", `,"data":{"k":"v","l":"w"}`)).is(http.StatusCreated)
			p.patch(p.in("configmaps", "a"), mergePatch, `{"data":{"k":null,"m":"x"}}`).is(http.StatusOK).has("data", "map[l:w m:x]")
			p.patch(p.in("configmaps", "a"), mergePatch, `{`).refused(400, "BadRequest")
			p.patch(p.in("configmaps", "b"), mergePatch, `{}`).refused(404, "NotFound")
		}},
		{Name: "a JSON patch does its steps, all or none", run: func(p *probe) {
			p.post(p.in("configmaps"), configMap("a", "", `,"data":{"k":"v"}`)).is(http.StatusCreated)
			p.patch(p.in("configmaps", "a"), jsonPatch, `[{"op":"test","path":"/data/k","value":"v"},{"op":"replace","path":"/data/k","value":"w"}]`).
				is(http.StatusOK).has("data/k", "w")
			p.patch(p.in("configmaps", "a"), jsonPatch, `[{"op":"replace","path":"/data/k","value":"x"},{"op":"test","path":"/data/k","value":"v"}]`).
				refused(422, "Invalid")
			p.patch(p.in("configmaps", "a"), jsonPatch, `[{"op":"remove","path":"/data/no"}]`).refused(422, "Invalid")
			p.patch(p.in("configmaps", "a"), jsonPatch, `{}`).refused(400, "BadRequest")
			p.get(p.in("configmaps", "a")).is(http.StatusOK).has("data/k", "w")
		}},
		{Name: "a strategic patch merges lists by key, of built-in kinds alone", run: func(p *probe) {
			p.post(p.in(deployments), deployment()).is(http.StatusCreated)
			a := p.patch(p.in(deployments, "a"), strategic, `{"spec":{"template":{"spec":{"containers":[{"name":"d","image":"j"}]}}}}`).is(http.StatusOK)
			if spec := a.containers(); spec != "[d c]" && spec != "[c d]" {
				p.errorf("the containers are %s", spec)
			}
			p.post(p.in(gizmos), gizmo("a", "", "")).is(http.StatusCreated)
			p.patch(p.in(gizmos, "a"), strategic, `{}`).refused(415, "UnsupportedMediaType")
			p.patch(p.in("configmaps", "a"), "application/json", `{}`).refused(415, "UnsupportedMediaType")
		}},
		{Name: "a patch may say which state it is for", run: func(p *probe) {
			was := p.create("a")
			p.relabel("a", `"x":"y"`)
			old := `{"metadata":{"resourceVersion":"` + was.rv() + `","labels":{"x":"z"}}}`
			p.patch(p.in("configmaps", "a"), mergePatch, old).refused(409, "Conflict")
			p.patch(p.in("configmaps", "a"), mergePatch, `{"metadata":{"uid":"other"}}`).refused(422, "Invalid")
			p.patch(p.in("configmaps", "a"), mergePatch, `{"metadata":{"name":"b"}}`).refused(400, "BadRequest")
		}},
	}
}

// applyCases are about server-side apply.
func applyCases() []Case {
	const m, n = "?fieldManager=m", "?fieldManager=n"
	return []Case{
		{Name: "an apply creates, changes, and takes away what its manager leaves out", run: func(p *probe) {
			path := p.in("configmaps", "a")
			p.patch(path+m, applyPatch, configMap("a", "", `,"data":{"k":"v","l":"w"}`)).is(http.StatusCreated)
			p.patch(path, mergePatch, `{"data":{"other":"1"}}`).is(http.StatusOK)
			p.patch(path+m, applyPatch, configMap("a", "", `,"data":{"k":"x"}`)).is(http.StatusOK).has("data", "map[k:x other:1]")
			p.patch(path, applyPatch, configMap("a", "", "")).refused(422, "Invalid")
			p.patch(path+m, applyPatch, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: z}\n").is(http.StatusOK).has("data/k", "z")
			p.patch(path+m, applyPatch, configMap("b", "", "")).refused(400, "BadRequest")
		}},
		{Name: "an apply of a field that is another's is a conflict that names him, unless it is forced", run: func(p *probe) {
			path := p.in("configmaps", "a")
			p.patch(path+m, applyPatch, configMap("a", "", `,"data":{"k":"v"}`)).is(http.StatusCreated)
			st := p.patch(path+n, applyPatch, configMap("a", "", `,"data":{"k":"w"}`)).refused(409, "Conflict")
			if st.Details == nil || len(st.Details.Causes) != 1 || st.Details.Causes[0].Type != "FieldManagerConflict" || st.Details.Causes[0].Field != ".data.k" {
				p.errorf("the details are %+v", st.Details)
			}
			p.patch(path+n+"&force=true", applyPatch, configMap("a", "", `,"data":{"k":"w"}`)).is(http.StatusOK).has("data/k", "w")
			p.patch(path+m, applyPatch, configMap("a", "", "")).is(http.StatusOK).has("data/k", "w")
			p.patch(path+n, applyPatch, configMap("a", "", "")).is(http.StatusOK).has("data", "<nil>")
		}},
		{Name: "an apply of what is applied changes nothing", Rules: []int{20}, run: func(p *probe) {
			for path, body := range map[string]string{
				p.in("configmaps", "a"): configMap("a", "", `,"data":{"k":"v"}`), p.in(gizmos, "a"): gizmo("a", "", `,"spec":{"n":1}`),
			} {
				was := p.patch(path+m, applyPatch, body).is(http.StatusCreated)
				p.patch(path+m, applyPatch, body).is(http.StatusOK).has("metadata/resourceVersion", was.rv())
			}
		}},
		{Name: "an apply of the status alone", run: func(p *probe) {
			p.post(p.in(gizmos), gizmo("a", "", `,"spec":{"n":1}`)).is(http.StatusCreated)
			a := p.patch(p.in(gizmos, "a", "status")+m, applyPatch, gizmo("a", "", `,"status":{"ready":true}`)).is(http.StatusOK)
			a.has("status/ready", "true").has("spec/n", "1").has("metadata/generation", "1")
		}},
	}
}
