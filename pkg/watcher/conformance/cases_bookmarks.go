package conformance

// bookmarkCases are about bookmarks and the ends of watches.
func bookmarkCases() []Case {
	return []Case{
		{Name: "a bookmark says how far the watch is, and nothing else", Rules: []int{8, 21}, run: func(p *probe) {
			rv := p.create("a").rv()
			w := p.watch(p.in("configmaps"), "&allowWatchBookmarks=true&timeoutSeconds=5&resourceVersion="+rv)
			b := p.create("b").rv()
			w.expect("ADDED b")
			e := w.expect("BOOKMARK")[0]
			if p.number(e.ResourceVersion) < p.number(b) {
				p.errorf("the bookmark is at %s, before %s, which was told", e.ResourceVersion, b)
			}
			if e.Name != "" || e.UID != "" || len(e.Annotations) > 0 || e.Kind != "ConfigMap" {
				p.errorf("the bookmark holds %s", e.raw)
			}
			w.expect("end")
			p.create("c")
			p.watch(p.in("configmaps"), "&resourceVersion="+e.ResourceVersion).expect("ADDED c")
		}},
		{Name: "a watch that asks for no bookmarks gets none", Rules: []int{21}, run: func(p *probe) {
			rv := p.create("a").rv()
			if e := p.watch(p.in("configmaps"), "&timeoutSeconds=4&resourceVersion="+rv).next(); e != nil {
				p.errorf("told is %s", e)
			}
		}},
		{Name: "a watch ends cleanly when its time is up", Rules: []int{22}, run: func(p *probe) {
			rv := p.create("a").rv()
			for _, accept := range []string{"application/json", "application/vnd.kubernetes.protobuf"} {
				p.watch(p.in("configmaps"), "&timeoutSeconds=1&resourceVersion="+rv, "Accept", accept).expect("end")
			}
			p.watch(p.in("configmaps"), watchList+"&timeoutSeconds=1").expect("ADDED a", "BOOKMARK end", "end")
		}},
		{Name: "initial events without bookmarks have no end", Rules: []int{8}, run: func(p *probe) {
			p.create("a")
			w := p.watch(p.in("configmaps"), "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan")
			w.expect("ADDED a")
			p.create("b")
			w.expect("ADDED b")
		}},
	}
}
