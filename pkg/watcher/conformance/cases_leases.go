package conformance

import (
	"net/http"
	"strings"
)

const leases = "coordination.k8s.io/v1/leases"

// lease is the text of a Lease, a.
func lease(holder string) string {
	return `{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"a"},"spec":{"holderIdentity":"` + holder +
		`","leaseDurationSeconds":15,"renewTime":"2026-01-02T03:04:05.678901Z"}}`
}

// leaseCases are about what the election of a leader rests on: of several who write, one has success.
func leaseCases() []Case {
	return []Case{
		{Name: "of two who create a Lease one has it", run: func(p *probe) {
			p.post(p.in(leases), lease("one")).is(http.StatusCreated).has("spec/holderIdentity", "one")
			p.post(p.in(leases), lease("two")).refused(409, "AlreadyExists")
			p.get(p.in(leases, "a")).is(http.StatusOK).has("spec/holderIdentity", "one").has("spec/renewTime", "2026-01-02T03:04:05.678901Z")
		}},
		{Name: "of two who update a Lease one has it, also where it was deleted and created meanwhile", run: func(p *probe) {
			path := p.in(leases, "a")
			was := p.post(p.in(leases), lease("one")).is(http.StatusCreated)
			mine := strings.Replace(string(was.raw), `"one"`, `"two"`, 1)
			p.put(path, mine).is(http.StatusOK).has("spec/holderIdentity", "two")
			p.put(path, strings.Replace(string(was.raw), `"one"`, `"three"`, 1)).refused(409, "Conflict")
			p.del(path, "").is(http.StatusOK)
			p.post(p.in(leases), lease("four")).is(http.StatusCreated)
			p.put(path, mine).refused(409, "Conflict")
			p.get(path).is(http.StatusOK).has("spec/holderIdentity", "four")
		}},
		{Name: "an update of a Lease that was deleted does not make it anew", run: func(p *probe) {
			was := p.post(p.in(leases), lease("one")).is(http.StatusCreated)
			p.del(p.in(leases, "a"), "").is(http.StatusOK)
			p.put(p.in(leases, "a"), string(was.raw)).refused(409, "Conflict")
			p.get(p.in(leases, "a")).refused(404, "NotFound")
		}},
		{Name: "a watch of one Lease tells when it is taken, renewed, given back and deleted", Rules: []int{46}, run: func(p *probe) {
			was := p.post(p.in(leases), lease("one")).is(http.StatusCreated)
			w := p.watch(p.in(leases), "&fieldSelector=metadata.name%3Da&resourceVersion="+was.rv())
			p.post(p.in(leases), strings.Replace(lease("else"), `"a"`, `"b"`, 1)).is(http.StatusCreated)
			p.patch(p.in(leases, "a"), mergePatch, `{"spec":{"renewTime":"2026-01-02T03:04:06.678901Z"}}`).is(http.StatusOK)
			p.patch(p.in(leases, "a"), mergePatch, `{"spec":{"holderIdentity":""}}`).is(http.StatusOK)
			p.del(p.in(leases, "a"), "").is(http.StatusOK)
			w.expect("MODIFIED a", "MODIFIED a", "DELETED a")
		}},
	}
}
