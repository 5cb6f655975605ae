package conformance

import "net/http"

// deleteCases are about deletions.
func deleteCases() []Case {
	return []Case{
		{Name: "a deletion is answered with success, told once, and the name is free", Rules: []int{47}, run: func(p *probe) {
			was := p.create("a")
			w := p.watch(p.in("configmaps"), "&resourceVersion="+was.rv())
			a := p.del(p.in("configmaps", "a"), "").is(http.StatusOK).has("kind", "Status").has("status", "Success")
			a.has("details/name", "a").has("details/kind", "configmaps").has("details/uid", was.uid())
			p.del(p.in("configmaps", "a"), "").refused(404, "NotFound")
			p.create("a")
			w.expect("DELETED a", "ADDED a")
		}},
		{Name: "some kinds answer a deletion with the object", run: func(p *probe) {
			p.post(p.in("serviceaccounts"), `{"metadata":{"name":"a"}}`).is(http.StatusCreated)
			p.del(p.in("serviceaccounts", "a"), "").is(http.StatusOK).has("kind", "ServiceAccount").has("metadata/name", "a")
		}},
		{Name: "an object with finalizers is marked, and goes with the last of them", Rules: []int{52}, run: func(p *probe) {
			for _, resource := range []string{"configmaps", gizmos} {
				p.make(resource, "a")
				was := p.patch(p.in(resource, "a"), mergePatch, `{"metadata":{"finalizers":["example.com/x","example.com/y"]}}`).is(http.StatusOK)
				w := p.watch(p.in(resource), "&resourceVersion="+was.rv())
				marked := p.del(p.in(resource, "a"), "").is(http.StatusOK).has("metadata/deletionGracePeriodSeconds", "0")
				if marked.at("metadata/deletionTimestamp") == "<nil>" {
					p.errorf("the object is not marked: %s", marked.raw)
				}
				p.del(p.in(resource, "a"), "").is(http.StatusOK).has("metadata/resourceVersion", marked.rv())
				p.patch(p.in(resource, "a"), mergePatch, `{"metadata":{"finalizers":["example.com/x","example.com/z"]}}`).refused(422, "Invalid")
				p.patch(p.in(resource, "a"), mergePatch, `{"metadata":{"deletionTimestamp":null}}`).is(http.StatusOK).
					has("metadata/deletionTimestamp", marked.at("metadata/deletionTimestamp"))
				p.patch(p.in(resource, "a"), mergePatch, `{"metadata":{"finalizers":["example.com/x"]}}`).is(http.StatusOK)
				p.patch(p.in(resource, "a"), mergePatch, `{"metadata":{"finalizers":null}}`).is(http.StatusOK)
				p.get(p.in(resource, "a")).refused(404, "NotFound")
				got := w.expect("MODIFIED a", "MODIFIED a", "DELETED a")
				if got[2].DeletionTimestamp == nil {
					p.errorf("what was deleted is told unmarked")
				}
				p.rising(was.rv(), got[0].ResourceVersion, got[1].ResourceVersion, got[2].ResourceVersion)
			}
		}},
		{Name: "a deletion may say what it is for", run: func(p *probe) {
			was := p.create("a")
			p.del(p.in("configmaps", "a"), `{"preconditions":{"uid":"other"}}`).refused(409, "Conflict")
			p.del(p.in("configmaps", "a"), `{"preconditions":{"resourceVersion":"1"}}`).refused(409, "Conflict")
			p.del(p.in("configmaps", "a"), `{`).refused(400, "BadRequest")
			p.del(p.in("configmaps", "a"), `{"preconditions":{"uid":"`+was.uid()+`","resourceVersion":"`+was.rv()+`"}}`).is(http.StatusOK)
		}},
		{Name: "a collection is deleted by selection, and answered with what was deleted", run: func(p *probe) {
			p.create("a", `"app":"x"`)
			p.create("b", `"app":"y"`)
			rv := p.create("c", `"app":"x"`).rv()
			w := p.watch(p.in("configmaps"), "&resourceVersion="+rv)
			a := p.del(p.in("configmaps")+"?labelSelector=app%3Dx", "").is(http.StatusOK).has("kind", "ConfigMapList")
			if got := a.items(); len(got) != 2 || got[0] != "a" || got[1] != "c" {
				p.errorf("deleted %v", got)
			}
			if got := p.names(p.in("configmaps")); got != "[b]" {
				p.errorf("left are %s", got)
			}
			p.twice(w, "DELETED a", "DELETED c")
			p.post(p.in(gizmos), gizmo("a", "", "")).is(http.StatusCreated)
			p.del(p.in(gizmos), "").is(http.StatusOK).has("kind", "GizmoList")
			if got := p.names(p.in(gizmos)); got != "[]" {
				p.errorf("left are %s", got)
			}
			p.del(p.in(gizmos), "").is(http.StatusOK).has("kind", "GizmoList")
		}},
	}
}

// twice wants two events, in any order: a real server deletes several objects at once.
func (p *probe) twice(w *events, one, two string) {
	a, b := w.next().String(), w.next().String()
	if (a != one || b != two) && (a != two || b != one) {
		p.errorf("told are %s and %s", a, b)
	}
}
