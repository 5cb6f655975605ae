package conformance

import (
	"fmt"
	"net/http"
)

// forms are those in which a watch may be asked for: Accept headers, and paths, by name.
var forms = []struct{ name, resource, accept string }{
	{"JSON", "configmaps", "application/json"},
	{"protobuf", "configmaps", "application/vnd.kubernetes.protobuf"},
	{"metadata as JSON", "configmaps", "application/json" + asMetadata},
	{"metadata as protobuf", "configmaps", "application/vnd.kubernetes.protobuf" + asMetadata},
	{"a custom resource", gizmos, "application/json"},
	{"metadata of a custom resource", gizmos, "application/vnd.kubernetes.protobuf" + asMetadata},
}

const (
	asMetadata     = ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
	asMetadataList = ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
)

// make is an object of a form's resource.
func (p *probe) make(resource, name string) *answer {
	if resource == gizmos {
		return p.post(p.in(gizmos), gizmo(name, `,"labels":{"x":"y"}`, "")).is(http.StatusCreated)
	}
	return p.create(name, `"x":"y"`)
}

// resumeCases are about watches from a version that is known.
func resumeCases() []Case {
	return []Case{
		{Name: "a watch resumes behind any version with what came after it, each change once", Rules: []int{22, 23}, run: func(p *probe) {
			rvs := []string{p.create("a").rv(), p.create("b").rv(), p.relabel("a", `"x":"y"`).rv()}
			p.remove("b")
			rvs = append(rvs, "", p.create("c").rv())
			lines := []string{"ADDED a", "ADDED b", "MODIFIED a", "DELETED b", "ADDED c"}
			for i, rv := range rvs {
				if rv != "" {
					w := p.watch(p.in("configmaps"), "&timeoutSeconds=1&resourceVersion="+rv)
					w.expect(append(lines[i+1:len(lines):len(lines)], "end")...)
				}
			}
		}},
		{Name: "a watch resumes behind a deletion", Rules: []int{47}, run: func(p *probe) {
			rv := p.create("a").rv()
			w := p.watch(p.in("configmaps"), "&resourceVersion="+rv)
			p.remove("a")
			gone := w.expect("DELETED a")[0].ResourceVersion
			p.rising(rv, gone)
			p.create("b")
			p.watch(p.in("configmaps"), "&resourceVersion="+gone).expect("ADDED b")
		}},
		{Name: "events say the same in every form", Rules: []int{1, 22, 47}, run: func(p *probe) {
			for i, f := range forms {
				name := fmt.Sprint("m-", i)
				rv := p.make(f.resource, name).rv()
				w := p.watch(p.in(f.resource), "&resourceVersion="+rv, "Accept", f.accept)
				is := p.patch(p.in(f.resource, name), mergePatch, `{"metadata":{"labels":{"l":"1"}}}`).is(http.StatusOK)
				p.del(p.in(f.resource, name), "").is(http.StatusOK)
				got := w.expect("MODIFIED "+name, "DELETED "+name)
				if e := got[0]; string(e.UID) != is.uid() || e.ResourceVersion != is.rv() || e.Labels["l"] != "1" || e.Namespace != p.namespace ||
					len(e.ManagedFields) == 0 || e.CreationTimestamp.IsZero() {
					p.errorf("%s: the event holds %+v", f.name, e.ObjectMeta)
				}
				p.rising(is.rv(), got[1].ResourceVersion)
			}
		}},
		{Name: "many changes are told in order, none left out", run: func(p *probe) {
			rv := p.create("a").rv()
			w := p.watch(p.in("configmaps"), "&resourceVersion="+rv)
			for i := range 50 {
				p.relabel("a", fmt.Sprintf(`"n":"%d"`, i))
			}
			for i := range 50 {
				if e := w.expect("MODIFIED a")[0]; e.Labels["n"] != fmt.Sprint(i) {
					p.fatalf("change %d is told as %s", i, e.Labels["n"])
				}
			}
		}},
	}
}

// expiryCases are about history that is lost.
func expiryCases() []Case {
	return []Case{
		{Name: "a watch from lost history is an ERROR 410 inside a 200, in every form, and one from behind it goes on", Rules: []int{18}, needs: []need{history}, run: func(p *probe) {
			var rvs []string
			for _, f := range forms {
				rvs = append(rvs, p.make(f.resource, fmt.Sprint("a-", len(rvs))).rv())
				p.make(f.resource, fmt.Sprint("b-", len(rvs)))
			}
			p.must(p.server.Forget(p.ctx))
			for i, f := range forms {
				w := p.watch(p.in(f.resource), "&timeoutSeconds=5&resourceVersion="+rvs[i], "Accept", f.accept)
				if st := w.expect("ERROR 410 Expired", "end")[0].status; st.Message == "" || st.Status != "Failure" {
					p.errorf("%s: %+v", f.name, st)
				}
			}
			now := p.get(p.in("configmaps")).is(http.StatusOK).rv()
			p.create("c")
			p.watch(p.in("configmaps"), "&resourceVersion="+now).expect("ADDED c")
		}},
	}
}
