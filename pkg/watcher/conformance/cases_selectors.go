package conformance

import "net/http"

// selectorCases are about what is selected.
func selectorCases() []Case {
	return []Case{
		{Name: "entering a selection is ADDED, leaving it DELETED with the last matching state at the version of the change", Rules: []int{46}, run: func(p *probe) {
			rv := p.create("a").rv()
			w := p.watch(p.in("configmaps"), "&labelSelector=app%3Dx&resourceVersion="+rv)
			in := p.relabel("a", `"app":"x","n":"1"`)
			out := p.relabel("a", `"app":"y","n":"2"`)
			got := w.expect("ADDED a", "DELETED a")
			if got[0].ResourceVersion != in.rv() || got[1].ResourceVersion != out.rv() {
				p.errorf("told at %s and %s, changed at %s and %s", got[0].ResourceVersion, got[1].ResourceVersion, in.rv(), out.rv())
			}
			if l := got[1].Labels; l["app"] != "x" || l["n"] != "1" {
				p.errorf("what left is told with the labels %v", l)
			}
			p.remove("a") // out of the selection: nobody is told
			p.create("b", `"app":"x"`)
			w.expect("ADDED b")
			p.get(p.in("configmaps", "a")).refused(404, "NotFound")
		}},
		{Name: "a watch of one name sees that object alone, and DELETED when it is deleted only", Rules: []int{46}, run: func(p *probe) {
			rv := p.create("a").rv()
			w := p.watch(p.in("configmaps"), "&fieldSelector=metadata.name%3Da&resourceVersion="+rv)
			p.create("b")
			p.relabel("a", `"x":"y"`)
			p.remove("b")
			p.remove("a")
			p.create("a")
			w.expect("MODIFIED a", "DELETED a", "ADDED a")
		}},
		{Name: "a name and a namespace select over the whole cluster", Rules: []int{46}, run: func(p *probe) {
			rv := p.create("a").rv()
			w := p.watch("/api/v1/configmaps", "&fieldSelector=metadata.namespace%3D"+p.namespace+",metadata.name%3Db&resourceVersion="+rv)
			p.create("c")
			p.create("b")
			w.expect("ADDED b")
		}},
		{Name: "a list has what its selectors select", Rules: []int{46}, run: func(p *probe) {
			p.create("a", `"app":"x"`, `"tier":"1"`)
			p.create("b", `"app":"x"`)
			p.create("c")
			for query, want := range map[string]string{
				"labelSelector=app": "[a b]", "labelSelector=app%3Dx,tier": "[a]", "labelSelector=!app": "[c]",
				"labelSelector=app+in+(x,y),!tier": "[b]", "labelSelector=tier+notin+(1)": "[b c]", "labelSelector=tier%3E0": "[a]",
				"fieldSelector=metadata.name!%3Db": "[a c]", "labelSelector=&fieldSelector=": "[a b c]",
				"labelSelector=app%3Dx&fieldSelector=metadata.name%3Db": "[b]",
			} {
				if got := p.names(p.in("configmaps") + "?" + query); got != want {
					p.errorf("%s selects %s, want %s", query, got, want)
				}
			}
		}},
		{Name: "a field that a kind has selectors for selects, with changes", Rules: []int{46}, run: func(p *probe) {
			// A Secret's type cannot change, and a Namespace's phase only by its end.
			p.post(p.in("secrets"), `{"metadata":{"name":"a"},"type":"example.com/t"}`).is(http.StatusCreated)
			p.post(p.in("secrets"), `{"metadata":{"name":"b"}}`).is(http.StatusCreated)
			if got := p.names(p.in("secrets") + "?fieldSelector=type%3Dexample.com/t"); got != "[a]" {
				p.errorf("the type selects %s", got)
			}
			p.watch(p.in("secrets"), watchList+"&fieldSelector=type%3DOpaque").expect("ADDED b", "BOOKMARK end")
		}},
		{Name: "a selector that is malformed, or of a field that cannot be selected, is a bad request", Rules: []int{44}, run: func(p *probe) {
			for _, query := range []string{
				"labelSelector=%3D%3D", "labelSelector=a+b", "labelSelector=a%3D-", "fieldSelector=a", "fieldSelector=spec.nothing%3Dx",
			} {
				p.get(p.in("configmaps")+"?"+query).refused(400, "BadRequest")
				p.get(p.in("configmaps")+"?watch=true&"+query).refused(400, "BadRequest")
			}
			p.get(p.in(gizmos)+"?fieldSelector=spec.nothing%3Dx").refused(400, "BadRequest")
		}},
		{Name: "a parameter that is malformed is a bad request, one that is unknown is passed over", Rules: []int{44}, run: func(p *probe) {
			p.create("a")
			p.get(p.in("configmaps")+"?watch=true&timeoutSeconds=x").refused(400, "BadRequest")
			p.get(p.in("configmaps")+"?limit=x").refused(400, "BadRequest")
			if got := p.names(p.in("configmaps") + "?no-such-parameter=1"); got != "[a]" {
				p.errorf("the list holds %s", got)
			}
			p.watch(p.in("configmaps"), watchList+"&no-such-parameter=1").expect("ADDED a", "BOOKMARK end")
		}},
	}
}
