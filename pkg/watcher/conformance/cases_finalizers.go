package conformance

import (
	"fmt"
	"net/http"
)

// finalizersPatch is the text of a merge patch of one state's finalizers; more begins with a comma.
func finalizersPatch(rv, more, finalizers string) string {
	return `{"metadata":{"resourceVersion":"` + rv + `"` + more + `,"finalizers":` + finalizers + `}}`
}

// finalizerCases are about what rests on finalizers: who puts one on or takes one off writes the whole list, of the state
// that he has seen.
func finalizerCases() []Case {
	return []Case{
		{Name: "a patch of the finalizers of a state that has passed is a conflict, and takes away nobody's", run: func(p *probe) {
			for _, resource := range []string{"configmaps", gizmos} {
				path := p.in(resource, "a")
				was := p.make(resource, "a")
				is := p.patch(path, mergePatch, finalizersPatch(was.rv(), "", `["example.com/theirs"]`)).is(http.StatusOK)
				p.patch(path, mergePatch, finalizersPatch(was.rv(), "", `["example.com/mine"]`)).refused(409, "Conflict")
				p.patch(path, mergePatch, finalizersPatch(is.rv(), `,"uid":"`+is.uid()+`"`, `["example.com/theirs","example.com/mine"]`)).
					is(http.StatusOK).has("metadata/finalizers", "[example.com/theirs example.com/mine]")
				going := p.del(path, "").is(http.StatusOK)
				p.patch(path, mergePatch, finalizersPatch(is.rv(), "", `["example.com/theirs"]`)).refused(409, "Conflict")
				p.patch(path, mergePatch, finalizersPatch(going.rv(), "", `["example.com/theirs"]`)).is(http.StatusOK).
					has("metadata/finalizers", "[example.com/theirs]")
			}
		}},
		{Name: "a patch of the finalizers of an object that had the name is a conflict", run: func(p *probe) {
			for _, resource := range []string{"configmaps", gizmos} {
				path := p.in(resource, "a")
				was := p.make(resource, "a")
				p.del(path, "").is(http.StatusOK)
				p.patch(path, mergePatch, finalizersPatch(was.rv(), `,"uid":"`+was.uid()+`"`, `["example.com/mine"]`)).refused(404, "NotFound")
				is := p.make(resource, "a")
				p.patch(path, mergePatch, finalizersPatch(was.rv(), `,"uid":"`+was.uid()+`"`, `["example.com/mine"]`)).refused(409, "Conflict")
				p.get(path).is(http.StatusOK).has("metadata/resourceVersion", is.rv()).has("metadata/finalizers", "<nil>")
			}
		}},
		{Name: "who takes the last finalizer off is answered with the object without it, which is told as it was with it", Rules: []int{52}, run: func(p *probe) {
			for _, resource := range []string{"configmaps", gizmos} {
				path := p.in(resource, "a")
				p.make(resource, "a")
				was := p.patch(path, mergePatch, `{"metadata":{"finalizers":["example.com/mine"]}}`).is(http.StatusOK)
				w := p.watch(p.in(resource), "&resourceVersion="+was.rv())
				going := p.del(path, "").is(http.StatusOK)
				p.patch(path, mergePatch, finalizersPatch(going.rv(), "", `[]`)).is(http.StatusOK).has("metadata/finalizers", "<nil>").
					has("metadata/deletionTimestamp", going.at("metadata/deletionTimestamp"))
				p.patch(path, mergePatch, finalizersPatch(going.rv(), "", `[]`)).refused(404, "NotFound")
				got := w.expect("MODIFIED a", "DELETED a")
				for _, e := range got {
					if fmt.Sprint(e.Finalizers) != "[example.com/mine]" || e.DeletionTimestamp == nil {
						p.errorf("%s is told with the finalizers %v", e, e.Finalizers)
					}
				}
			}
		}},
		{Name: "finalizers that are taken off before the deletion hold nothing up", run: func(p *probe) {
			for _, resource := range []string{"configmaps", gizmos} {
				path := p.in(resource, "a")
				p.make(resource, "a")
				p.patch(path, mergePatch, `{"metadata":{"finalizers":["example.com/mine"]}}`).is(http.StatusOK).has("metadata/finalizers", "[example.com/mine]")
				was := p.patch(path, mergePatch, `{"metadata":{"finalizers":[]}}`).is(http.StatusOK).has("metadata/finalizers", "<nil>")
				w := p.watch(p.in(resource), "&resourceVersion="+was.rv())
				p.del(path, "").is(http.StatusOK)
				w.expect("DELETED a")
			}
		}},
		{Name: "metadata alone tells of finalizers, owners and deletions", Rules: []int{9, 52}, run: func(p *probe) {
			const owner = `{"apiVersion":"v1","kind":"ConfigMap","name":"o","uid":"u","controller":true}`
			for _, form := range []string{asJSON + asMetadata, asProtobuf + asMetadata} {
				for _, resource := range []string{"configmaps", gizmos} {
					path := p.in(resource, "a")
					was := p.make(resource, "a")
					w := p.watch(p.in(resource), "&resourceVersion="+was.rv(), "Accept", form)
					p.patch(path, mergePatch, `{"metadata":{"finalizers":["example.com/mine"],"ownerReferences":[`+owner+`]}}`).is(http.StatusOK)
					p.del(path, "").is(http.StatusOK)
					p.patch(path, mergePatch, `{"metadata":{"finalizers":null}}`).is(http.StatusOK)
					for i, e := range w.expect("MODIFIED a", "MODIFIED a", "DELETED a") {
						owners := e.OwnerReferences
						if fmt.Sprint(e.Finalizers) != "[example.com/mine]" || len(owners) != 1 || owners[0].Name != "o" || !*owners[0].Controller ||
							(e.DeletionTimestamp != nil) != (i > 0) {
							p.errorf("%s in the form %s has the finalizers %v, the owners %v and the mark %v", e, form, e.Finalizers, owners, e.DeletionTimestamp)
						}
					}
				}
			}
		}},
	}
}
