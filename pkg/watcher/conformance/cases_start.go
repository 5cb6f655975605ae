package conformance

import "net/http"

// startCases are about how a watch begins.
func startCases() []Case {
	return []Case{
		{Name: "a watch list tells the objects by key, their end, and then what changes", Rules: []int{1, 7, 8, 47}, run: func(p *probe) {
			b, a := p.create("b").rv(), p.create("a").rv()
			w := p.watch(p.in("configmaps"), watchList)
			first := w.expect("ADDED a", "ADDED b", "BOOKMARK end")
			if first[0].ResourceVersion != a || first[1].ResourceVersion != b {
				p.errorf("the initial events carry other resourceVersions than the objects")
			}
			end := first[2]
			if p.number(end.ResourceVersion) < p.number(a) || p.number(end.ResourceVersion) < p.number(b) {
				p.errorf("the end is at %s, before what it ends", end.ResourceVersion)
			}
			if end.Name != "" || end.UID != "" || end.Kind != "ConfigMap" || end.APIVersion != "v1" {
				p.errorf("the bookmark is %s %s %q", end.APIVersion, end.Kind, end.Name)
			}
			c := p.create("c").rv()
			b = p.relabel("b", `"x":"y"`).rv()
			p.remove("a")
			rest := w.expect("ADDED c", "MODIFIED b", "DELETED a")
			if rest[0].ResourceVersion != c || rest[1].ResourceVersion != b {
				p.errorf("the events carry other resourceVersions than the objects")
			}
			p.rising(end.ResourceVersion, c, b, rest[2].ResourceVersion)
		}},
		{Name: "a watch list of nothing is its end alone", Rules: []int{1, 8}, run: func(p *probe) {
			p.watch(p.in("configmaps"), watchList+"&timeoutSeconds=1").expect("BOOKMARK end")
		}},
		{Name: "a watch list of a selection tells what is selected", Rules: []int{1}, run: func(p *probe) {
			p.create("a", `"app":"x"`)
			p.create("b", `"app":"y"`)
			p.create("c", `"app":"x"`)
			p.watch(p.in("configmaps"), watchList+"&labelSelector=app%3Dx").expect("ADDED a", "ADDED c", "BOOKMARK end")
			p.watch(p.in("configmaps"), watchList+"&fieldSelector=metadata.name%3Db").expect("ADDED b", "BOOKMARK end")
			p.watch("/api/v1/configmaps", watchList+"&fieldSelector=metadata.name%3Db,metadata.namespace%3D"+p.namespace).
				expect("ADDED b", "BOOKMARK end")
		}},
		{Name: "a watch list of a custom resource", Rules: []int{1, 7, 8}, run: func(p *probe) {
			p.post(p.in(gizmos), gizmo("b", "", "")).is(http.StatusCreated)
			p.post(p.in(gizmos), gizmo("a", "", "")).is(http.StatusCreated)
			got := p.watch(p.in(gizmos), watchList).expect("ADDED a", "ADDED b", "BOOKMARK end")
			if got[2].Kind != "Gizmo" || got[2].APIVersion != "example.com/v1" {
				p.errorf("the bookmark is a %s of %s", got[2].Kind, got[2].APIVersion)
			}
		}},
	}
}

// beginCases are about other ways to begin, and about what comes with any.
func beginCases() []Case {
	return []Case{
		{Name: "a watch from no version and from 0 begins with the objects there are", Rules: []int{2}, run: func(p *probe) {
			p.create("b")
			p.create("a")
			for _, params := range []string{"", "&resourceVersion=0"} {
				w := p.watch(p.in("configmaps"), params)
				first := w.next().String()
				second := w.next().String()
				if min(first, second) != "ADDED a" || max(first, second) != "ADDED b" {
					p.errorf("a watch with %q begins with %s and %s", params, first, second)
				}
			}
			p.watch(p.in("configmaps"), "&allowWatchBookmarks=true").expect("ADDED a", "ADDED b", "BOOKMARK end")
		}},
		{Name: "a watch list of a version that is known tells at least that state", Rules: []int{1, 2}, run: func(p *probe) {
			p.create("b")
			rv := p.create("a").rv()
			end := p.watch(p.in("configmaps"), watchList+"&resourceVersion="+rv).expect("ADDED a", "ADDED b", "BOOKMARK end")[2]
			if p.number(end.ResourceVersion) < p.number(rv) {
				p.errorf("the end is at %s, before %s", end.ResourceVersion, rv)
			}
		}},
		{Name: "initial events without a match are invalid", Rules: []int{3}, run: func(p *probe) {
			p.get(p.in("configmaps")+"?watch=true&allowWatchBookmarks=true&sendInitialEvents=true").refused(422, "Invalid")
			p.get(p.in("configmaps")+"?watch=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan").refused(422, "Invalid")
			p.get(p.in("configmaps")+"?watch=true&sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion=1").refused(422, "Invalid")
			p.get(p.in("configmaps")+"?resourceVersionMatch=NotOlderThan").refused(422, "Invalid")
			p.get(p.in("configmaps")+"?resourceVersionMatch=Exact&resourceVersion=0").refused(422, "Invalid")
			p.get(p.in("configmaps")+"?sendInitialEvents=true&resourceVersionMatch=NotOlderThan").refused(422, "Invalid")
		}},
		{Name: "the items of a list name no kind, but for custom resources", Rules: []int{9}, run: func(p *probe) {
			p.create("a")
			p.post(p.in(gizmos), gizmo("a", "", "")).is(http.StatusCreated)
			maps := p.get(p.in("configmaps")).is(http.StatusOK).has("kind", "ConfigMapList").has("apiVersion", "v1")
			for _, o := range maps.list() {
				if o.GetKind() != "" || o.GetAPIVersion() != "" {
					p.errorf("an item is a %s of %s", o.GetKind(), o.GetAPIVersion())
				}
			}
			own := p.get(p.in(gizmos)).is(http.StatusOK).has("kind", "GizmoList").has("apiVersion", "example.com/v1")
			for _, o := range own.list() {
				if o.GetKind() != "Gizmo" || o.GetAPIVersion() != "example.com/v1" {
					p.errorf("an item is a %s of %s", o.GetKind(), o.GetAPIVersion())
				}
			}
		}},
		{Name: "the headers of a quiet watch come before its first event", Rules: []int{33}, run: func(p *probe) {
			rv := p.create("a").rv()
			p.watch(p.in("configmaps"), "&resourceVersion="+rv) // else this waits for its headers till the case has to end
		}},
		{Name: "a second watch has its initial state, and the first is not disturbed", Rules: []int{36, 55}, run: func(p *probe) {
			p.create("a")
			one := p.watch(p.in("configmaps"), watchList)
			one.expect("ADDED a", "BOOKMARK end")
			p.watch(p.in("configmaps"), watchList).expect("ADDED a", "BOOKMARK end")
			p.create("b")
			one.expect("ADDED b")
		}},
	}
}
