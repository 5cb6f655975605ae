package conformance

import (
	"net/http"

	corev1 "k8s.io/api/core/v1"
)

// namespaceCases are about namespaces.
func namespaceCases() []Case {
	return []Case{
		{Name: "a namespace on its way out refuses what is new, and takes patches of finalizers", Rules: []int{40, 52}, run: func(p *probe) {
			p.post(p.in("configmaps"), configMap("a", `,"finalizers":["example.com/x"]`, "")).is(http.StatusCreated)
			rv := p.get(p.in("configmaps")).is(http.StatusOK).rv()
			w := p.watch(p.in("configmaps"), "&timeoutSeconds=3&resourceVersion="+rv)
			gone := p.del("/api/v1/namespaces/"+p.namespace, "").is(http.StatusOK).has("status/phase", "Terminating")
			if gone.at("metadata/deletionTimestamp") == "<nil>" {
				p.errorf("the namespace is not marked: %s", gone.raw)
			}
			st := p.post(p.in("configmaps"), configMap("b", "", "")).refused(403, "Forbidden")
			if st.Details == nil || len(st.Details.Causes) != 1 || st.Details.Causes[0].Type != corev1.NamespaceTerminatingCause {
				p.errorf("the details are %+v", st.Details)
			}
			p.del(p.in("configmaps", "a"), "").is(http.StatusOK)
			p.patch(p.in("configmaps", "a"), mergePatch, `{"metadata":{"finalizers":null}}`).is(http.StatusOK)
			w.expect("MODIFIED a", "DELETED a", "end") // the watch stays
		}},
		{Name: "the namespaces that every cluster has are there, and cannot be deleted", run: func(p *probe) {
			for _, name := range []string{"default", "kube-system", "kube-public"} {
				a := p.get("/api/v1/namespaces/"+name).is(http.StatusOK).has("status/phase", "Active").has("spec/finalizers", "[kubernetes]")
				a.has("metadata/labels", "map[kubernetes.io/metadata.name:"+name+"]")
				if m := a.managers(); m != "[kube-apiserver Update]" {
					p.errorf("%s is managed by %s", name, m)
				}
				p.del("/api/v1/namespaces/"+name, "").refused(403, "Forbidden")
			}
			p.get("/api/v1/namespaces/kube-node-lease").is(http.StatusOK)
		}},
		{Name: "a new namespace has its name as a label, and a hold of the server", run: func(p *probe) {
			p.get("/api/v1/namespaces/"+p.namespace).is(http.StatusOK).has("status/phase", "Active").has("spec/finalizers", "[kubernetes]").
				has("metadata/labels", "map[kubernetes.io/metadata.name:"+p.namespace+"]")
		}},
	}
}
