package conformance

import "net/http"

// beyondCases are about what the fake leaves out on purpose: what a built-in kind's own rules and other parts of a
// cluster make of an object.
func beyondCases() []Case {
	return []Case{
		{
			Name: "a built-in object is filled in with defaults", NotShownBy: map[string]string{"fake": "defaults are left out"},
			run: func(p *probe) {
				p.post(p.in(deployments), deployment()).is(http.StatusCreated).has("spec/strategy/type", "RollingUpdate")
			},
		},
		{
			Name: "a built-in object is checked by its kind's own rules", NotShownBy: map[string]string{"fake": "validation is left out, but for metadata"},
			run: func(p *probe) {
				p.post(p.in("pods"), `{"metadata":{"name":"a"},"spec":{"containers":[]}}`).refused(422, "Invalid")
			},
		},
		{
			Name: "an object can be read in each version of its group", NotShownBy: map[string]string{"fake": "conversion is left out"},
			run: func(p *probe) {
				p.get(p.in("autoscaling/v2/horizontalpodautoscalers")).is(http.StatusOK)
				p.get(p.in("autoscaling/v1/horizontalpodautoscalers")).is(http.StatusOK).has("apiVersion", "autoscaling/v1")
			},
		},
		{
			Name: "a Deployment is scaled on a path of its own", NotShownBy: map[string]string{"fake": "it has the status alone as a path of its own"},
			run: func(p *probe) {
				p.post(p.in(deployments), deployment()).is(http.StatusCreated)
				p.patch(p.in(deployments, "a", "scale"), mergePatch, `{"spec":{"replicas":3}}`).is(http.StatusOK).has("kind", "Scale")
			},
		},
		{
			Name: "a deletion in the foreground leaves a finalizer", NotShownBy: map[string]string{"fake": "propagation is left out"},
			run: func(p *probe) {
				p.create("a")
				p.del(p.in("configmaps", "a"), `{"propagationPolicy":"Foreground"}`).is(http.StatusOK).has("metadata/finalizers", "[foregroundDeletion]")
			},
		},
		{
			Name: "a Pod on a node is deleted when its time of grace is over", NotShownBy: map[string]string{"fake": "grace is left out"},
			run: func(p *probe) {
				p.post(p.in("pods"), `{"metadata":{"name":"a"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"i"}]}}`).is(http.StatusCreated)
				p.del(p.in("pods", "a"), "").is(http.StatusOK).has("metadata/deletionGracePeriodSeconds", "30")
				p.get(p.in("pods", "a")).is(http.StatusOK)
			},
		},
	}
}
