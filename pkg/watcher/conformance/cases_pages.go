package conformance

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// fill makes n ConfigMaps, m-00 and so on.
func (p *probe) fill(n int) {
	for i := range n {
		p.create(fmt.Sprintf("m-%02d", i))
	}
}

// pages reads all pages of a list with a limit.
func (p *probe) pages(path string, limit int) []*answer {
	var out []*answer
	for token := ""; ; {
		a := p.get(fmt.Sprintf("%s?limit=%d%s", path, limit, token)).is(http.StatusOK)
		out = append(out, a)
		if a.at("metadata/continue") == "<nil>" {
			return out
		}
		token = "&continue=" + url.QueryEscape(a.at("metadata/continue"))
	}
}

// pageCases are about lists in pages.
func pageCases() []Case {
	return []Case{
		{Name: "pages hold every object once, by key, in one state", Rules: []int{14, 16}, run: func(p *probe) {
			p.fill(7)
			var names []string
			all := p.pages(p.in("configmaps"), 3)
			for i, a := range all {
				names = append(names, a.items()...)
				a.has("metadata/resourceVersion", all[0].rv())
				a.has("metadata/remainingItemCount", []string{"4", "1", "<nil>"}[i])
			}
			if !slices.Equal(names, []string{"m-00", "m-01", "m-02", "m-03", "m-04", "m-05", "m-06"}) || len(all) != 3 {
				p.errorf("%d pages of %v", len(all), names)
			}
		}},
		{Name: "there are as many pages as objects when the limit is one", Rules: []int{14}, run: func(p *probe) {
			p.fill(20)
			if n := len(p.pages(p.in("configmaps"), 1)); n != 20 {
				p.errorf("%d pages", n)
			}
		}},
		{Name: "what is created or deleted during a list is not in its pages, and comes by the watch from there", Rules: []int{16}, run: func(p *probe) {
			p.fill(4)
			first := p.get(p.in("configmaps") + "?limit=2").is(http.StatusOK)
			p.create("m-02a")
			p.remove("m-03")
			second := p.get(p.in("configmaps") + "?limit=2&continue=" + url.QueryEscape(first.at("metadata/continue"))).is(http.StatusOK)
			if names := second.items(); !slices.Equal(names, []string{"m-02", "m-03"}) || second.rv() != first.rv() {
				p.errorf("the second page holds %v at %s, the first was at %s", names, second.rv(), first.rv())
			}
			p.watch(p.in("configmaps"), "&resourceVersion="+first.rv()).expect("ADDED m-02a", "DELETED m-03")
		}},
		{Name: "a selection in pages is not counted", Rules: []int{14}, run: func(p *probe) {
			for i := range 6 {
				p.create(fmt.Sprintf("m-%d", i), fmt.Sprintf(`"odd":"%t"`, i%2 == 1))
			}
			a := p.get(p.in("configmaps")+"?limit=2&labelSelector=odd%3Dtrue").is(http.StatusOK).has("metadata/remainingItemCount", "<nil>")
			if names := a.items(); !slices.Equal(names, []string{"m-1", "m-3"}) {
				p.errorf("the page holds %v", names)
			}
			b := p.get(p.in("configmaps") + "?limit=2&labelSelector=odd%3Dtrue&continue=" + url.QueryEscape(a.at("metadata/continue"))).is(http.StatusOK)
			if names := b.items(); !slices.Equal(names, []string{"m-5"}) || b.at("metadata/continue") != "<nil>" {
				p.errorf("the last page holds %v", names)
			}
		}},
		{Name: "a version beside a token is a bad request", Rules: []int{11}, run: func(p *probe) {
			p.fill(2)
			a := p.get(p.in("configmaps") + "?limit=1").is(http.StatusOK)
			p.get(p.in("configmaps")+"?limit=1&resourceVersion="+a.rv()+"&continue="+url.QueryEscape(a.at("metadata/continue"))).refused(400, "BadRequest")
		}},
		{Name: "a token that is none is a bad request", Rules: []int{10}, run: func(p *probe) {
			p.get(p.in("configmaps")+"?limit=1&continue=rubbish").refused(400, "BadRequest")
			p.get(p.in("configmaps")+"?limit=1&continue=e30").refused(400, "BadRequest")
		}},
		{Name: "a limit is passed over with version 0", Rules: []int{12}, run: func(p *probe) {
			p.fill(3)
			a := p.get(p.in("configmaps") + "?limit=1&resourceVersion=0").is(http.StatusOK)
			for len(a.items()) < 3 && a.at("metadata/continue") == "<nil>" { // a state from before the objects
				a = p.get(p.in("configmaps") + "?limit=1&resourceVersion=0").is(http.StatusOK)
			}
			if names := a.items(); len(names) != 3 || a.at("metadata/continue") != "<nil>" {
				p.errorf("the page holds %v, with the token %s", names, a.at("metadata/continue"))
			}
		}},
	}
}

// pageStateCases are about the state that pages are of.
func pageStateCases() []Case {
	return []Case{
		{Name: "pages that begin at a version are of that state", Rules: []int{14}, run: func(p *probe) {
			p.fill(2)
			rv := p.create("m-02").rv()
			p.create("m-03")
			a := p.get(p.in("configmaps")+"?limit=2&resourceVersion="+rv).is(http.StatusOK).has("metadata/resourceVersion", rv)
			b := p.get(p.in("configmaps") + "?limit=2&continue=" + url.QueryEscape(a.at("metadata/continue"))).is(http.StatusOK)
			if got := fmt.Sprint(a.items(), b.items(), b.at("metadata/continue")); got != "[m-00 m-01] [m-02]<nil>" {
				p.errorf("the pages hold %s", got)
			}
			now := p.get(p.in("configmaps") + "?resourceVersion=" + rv).is(http.StatusOK)
			if got := now.items(); len(got) != 4 {
				p.errorf("a list without a limit holds %v", got)
			}
		}},
		{Name: "a list over all namespaces is ordered by its keys", Rules: []int{7}, run: func(p *probe) {
			second := p.namespace + "-b"
			p.post("/api/v1/namespaces", `{"metadata":{"name":"`+second+`"}}`).is(http.StatusCreated)
			mine := `,"labels":{"mine":"` + p.namespace + `"}`
			p.post("/api/v1/namespaces/"+second+"/configmaps", configMap("a", mine, "")).is(http.StatusCreated)
			p.post(p.in("configmaps"), configMap("c", mine, "")).is(http.StatusCreated)
			p.post(p.in("configmaps"), configMap("b", mine, "")).is(http.StatusCreated)
			query := "labelSelector=mine%3D" + p.namespace
			// A key is namespace/name, and a hyphen is before a slash.
			if got := p.names("/api/v1/configmaps?" + query); got != "[a b c]" {
				p.errorf("the list is %s", got)
			}
			p.watch("/api/v1/configmaps", watchList+"&"+query).expect("ADDED a", "ADDED b", "ADDED c", "BOOKMARK end")
		}},
		{Name: "an expired token is answered with 410 and one to go on with", Rules: []int{10, 17}, needs: []need{history}, run: func(p *probe) {
			p.fill(4)
			a := p.get(p.in("configmaps") + "?limit=2").is(http.StatusOK)
			p.create("m-00a")
			p.create("m-04")
			p.must(p.server.Forget(p.ctx))
			st := p.get(p.in("configmaps")+"?limit=2&continue="+url.QueryEscape(a.at("metadata/continue"))).refused(410, "Expired")
			if st.Continue == "" {
				p.fatalf("there is no token to go on with: %+v", st)
			}
			var names []string
			for token := st.Continue; token != "<nil>"; {
				b := p.get(p.in("configmaps") + "?limit=2&continue=" + url.QueryEscape(token)).is(http.StatusOK)
				names = append(names, b.items()...)
				token = b.at("metadata/continue")
				p.rising(a.rv(), b.rv())
			}
			if !slices.Equal(names, []string{"m-02", "m-03", "m-04"}) {
				p.errorf("the rest is %v", names)
			}
		}},
		{Name: "a list of an expired state is answered with 410", Rules: []int{17}, needs: []need{history}, run: func(p *probe) {
			rv := p.create("a").rv()
			p.create("b")
			exact := p.in("configmaps") + "?resourceVersionMatch=Exact&resourceVersion=" + rv
			if names := p.get(exact).is(http.StatusOK).has("metadata/resourceVersion", rv).items(); !slices.Equal(names, []string{"a"}) {
				p.errorf("the state at that version is %v", names)
			}
			p.must(p.server.Forget(p.ctx))
			p.get(exact).refused(410, "Expired")
			now := p.get(p.in("configmaps") + "?resourceVersionMatch=NotOlderThan&resourceVersion=" + rv).is(http.StatusOK)
			if names := now.items(); !slices.Equal(names, []string{"a", "b"}) {
				p.errorf("the state now is %v", names)
			}
		}},
	}
}
