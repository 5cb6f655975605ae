package machine

import "testing"

// thing is an object with a spec.
func thing(rv, spec string) string {
	return `{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"namespace":"ns","name":"a","uid":"u","resourceVersion":"` + rv + `"},"spec":` + spec + `}`
}

// A new default of a custom resource changes what an object reads as at the same resourceVersion.
func TestRule20ReadsDifferently(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", thing("5", `{"a":1,"b":["x"]}`))
		r.relist(b)
		b = r.snapshot().ok()
		b.event("ADDED", thing("5", `{"b": ["x"], "a":1}`))
		b.initialEnd("8")
		r.expect("synced 8 true")
		for range 2 { // reported once
			r.relist(b)
			b = r.snapshot().ok()
			b.event("ADDED", thing("5", `{"a":1,"b":["x"],"c":"default"}`))
			b.initialEnd("9")
		}
		r.expect("upsert a@u:5 relist", "synced 9 true", "synced 9 true")
		b.event("MODIFIED", thing("10", `{"a":2}`))
		r.relist(b)
		b = r.snapshot().ok()
		b.event("ADDED", thing("10", `{"a":2}`))
		b.initialEnd("11")
		r.expect("upsert a@u:10", "synced 11 true")
	}, things)
}
