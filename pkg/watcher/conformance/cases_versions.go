package conformance

import (
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// future is a resourceVersion that no server has come to.
const future = "99999999999"

// versionCases are about resourceVersions.
func versionCases() []Case {
	return []Case{
		{Name: "resourceVersions are numbers that rise with each change of a resource", Rules: []int{26}, run: func(p *probe) {
			a := p.create("a").rv()
			b := p.create("b").rv()
			again := p.relabel("a", `"x":"y"`).rv()
			p.rising(a, b, again)
			list := p.get(p.in("configmaps")).is(http.StatusOK).rv()
			p.rising(again, p.create("c").rv())
			if p.number(list) < p.number(again) {
				p.errorf("a list at %s holds a change of %s", list, again)
			}
		}},
		{Name: "a list of a version yet to come is told to try again", Rules: []int{15}, run: func(p *probe) {
			st := p.get(p.in("configmaps")+"?resourceVersionMatch=NotOlderThan&resourceVersion="+future).refused(504, metav1.StatusReasonTimeout)
			p.tooLarge(st)
		}},
		{Name: "a watch list of a version yet to come is told to try again, inside a 200", Rules: []int{15}, run: func(p *probe) {
			e := p.watch(p.in("configmaps"), watchList+"&resourceVersion="+future).expect("ERROR 504 Timeout", "end")[0]
			p.tooLarge(e.status)
		}},
		{Name: "a watch from a version yet to come is silent, and ends cleanly", Rules: []int{25}, run: func(p *probe) {
			w := p.watch(p.in("configmaps"), "&allowWatchBookmarks=true&timeoutSeconds=5&resourceVersion="+future)
			p.create("a")
			w.expect("end")
			if rv := p.get(p.in("configmaps") + "?limit=1").is(http.StatusOK).rv(); p.number(rv) >= p.number(future) {
				p.errorf("a list is at %s", rv)
			}
		}},
		{Name: "a malformed version is a 500 without a reason on a watch, a bad request on a list", Rules: []int{28}, run: func(p *probe) {
			for _, rv := range []string{"x", "-1", "1.5"} {
				p.get(p.in("configmaps")+"?watch=true&resourceVersion="+rv).refused(500, "")
				p.get(p.in("configmaps")+"?resourceVersion="+rv).refused(400, "BadRequest")
			}
		}},
		{Name: "a write that changes nothing keeps the version, and nobody is told", Rules: []int{20}, run: func(p *probe) {
			was := p.create("a", `"x":"y"`)
			w := p.watch(p.in("configmaps"), "&resourceVersion="+was.rv())
			p.relabel("a", `"x":"y"`).has("metadata/resourceVersion", was.rv())
			p.put(p.in("configmaps", "a"), string(was.raw)).is(http.StatusOK).has("metadata/resourceVersion", was.rv())
			p.create("b")
			w.expect("ADDED b")
		}},
		{Name: "an object of the same name again has another UID", Rules: []int{19, 47}, run: func(p *probe) {
			was := p.create("a")
			w := p.watch(p.in("configmaps"), "&resourceVersion="+was.rv())
			p.remove("a")
			is := p.create("a")
			got := w.expect("DELETED a", "ADDED a")
			if string(got[0].UID) != was.uid() || string(got[1].UID) != is.uid() || was.uid() == is.uid() {
				p.errorf("%s was deleted as %s, and came again as %s, told as %s", was.uid(), got[0].UID, is.uid(), got[1].UID)
			}
			p.rising(was.rv(), got[0].ResourceVersion, is.rv())
		}},
	}
}

// tooLarge wants a Status to say that it is for the version, and when to try again.
func (p *probe) tooLarge(st *metav1.Status) {
	if st.Details == nil || st.Details.RetryAfterSeconds <= 0 || len(st.Details.Causes) != 1 ||
		st.Details.Causes[0].Type != metav1.CauseTypeResourceVersionTooLarge {
		p.errorf("the details are %+v", st.Details)
	}
}
