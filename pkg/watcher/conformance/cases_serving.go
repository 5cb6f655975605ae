package conformance

import (
	"net/http"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// custom is a kind of a case's own.
func custom(name string) kind.Kind[*unstructured.Unstructured] {
	return kind.Unstructured(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: name})
}

// text404 wants the answer for a path that nobody serves (rule 41).
func (p *probe) text404(path string) {
	a := p.get(path).is(http.StatusNotFound).head("Content-Type", "text/plain; charset=utf-8")
	if string(a.raw) != "404 page not found\n" {
		p.errorf("%s is answered %q", path, a.raw)
	}
}

// servingCases are about resources that are served, and are not.
func servingCases() []Case {
	return []Case{
		{Name: "a group that nobody serves is a 404 in text", Rules: []int{41}, run: func(p *probe) {
			p.text404("/apis/nowhere.example.com/v1/things")
			p.text404("/apis/nowhere.example.com/v1/things?watch=true")
			p.text404("/apis/example.com/v1/things")
			p.text404("/apis/example.com/v9/gizmos")
		}},
		{Name: "a resource that a built-in group does not have is a 404", Rules: []int{41}, run: func(p *probe) {
			p.get("/api/v1/things").refused(404, "NotFound")
			p.get("/apis/apps/v1/things").refused(404, "NotFound")
		}},
		{
			Name: "a definition that is deleted: DELETED for each object, the end, and 404", Rules: []int{41}, needs: []need{definitions},
			run: func(p *probe) {
				k := custom("Passing")
				p.must(p.server.Install(p.ctx, k))
				one := `{"apiVersion":"example.com/v1","kind":"Passing","metadata":{"name":"b"}}`
				p.post(p.in("example.com/v1/passings"), one).is(http.StatusCreated)
				p.post(p.in("example.com/v1/passings"), strings.Replace(one, `"b"`, `"a"`, 1)).is(http.StatusCreated)
				w := p.watch(p.in("example.com/v1/passings"), watchList)
				w.expect("ADDED a", "ADDED b", "BOOKMARK end")
				p.must(p.server.Withdraw(p.ctx, k))
				p.told(w, "DELETED a", "DELETED b")
				for p.get("/apis/example.com/v1/passings").code != http.StatusNotFound {
					p.wait() // the end of the watch and of the path are not one
				}
				p.text404("/apis/example.com/v1/passings?watch=true")
			},
		},
		{
			Name: "a definition that is new has no history", Rules: []int{18, 41}, needs: []need{definitions},
			run: func(p *probe) {
				before := p.create("a").rv()
				k := custom("Arriving")
				p.text404("/apis/example.com/v1/arrivings")
				p.must(p.server.Install(p.ctx, k))
				p.later(func() { _ = p.server.Withdraw(p.ctx, k) })
				if got := p.names("/apis/example.com/v1/arrivings"); got != "[]" {
					p.errorf("it holds %s", got)
				}
				p.watch("/apis/example.com/v1/arrivings", watchList).expect("BOOKMARK end")
				p.watch("/apis/example.com/v1/arrivings", "&timeoutSeconds=5&resourceVersion="+before).expect("ERROR 410 Expired", "end")
			},
		},
	}
}

// told wants the rest of a watch to be these events in any order, among changes, and then its end.
func (p *probe) told(w *events, want ...string) {
	missing := map[string]bool{}
	for _, line := range want {
		missing[line] = true
	}
	for {
		e := w.next()
		if e == nil {
			break
		}
		delete(missing, e.String())
	}
	if len(missing) > 0 {
		p.errorf("the watch ended without %v", missing)
	}
}
