package fake

import (
	"context"
	"net/http"
)

// StaleDelete makes deletions win that read the object before a finalizer was added and remove it after that. The
// object is removed at once whatever finalizers it carries, and its DELETED event has them and no deletionTimestamp.
// Both requests get 200 (kubernetes#77988; rule 64). It is the only fault that also affects requests through Direct,
// which a test makes.
func StaleDelete() Fault {
	return faultKind{verbs: []string{"delete"}, direct: true, begin: func(x *exchange) {
		x.request = x.request.WithContext(context.WithValue(x.request.Context(), staleDelete{}, true))
	}}
}

// staleDelete marks the context of such a request.
type staleDelete struct{}

func isStale(r *http.Request) bool { return r.Context().Value(staleDelete{}) != nil }

// answerDirect answers a request through Direct.
func (s *Server) answerDirect(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodDelete {
		x := &exchange{faults: &s.faults, request: r, subject: subjectOf(r), ctx: r.Context()}
		for a := range s.faults.happening(x, func(k *faultKind) bool { return k.direct }) {
			a.kind.begin(x)
		}
		r = x.request
	}
	s.answer(w, r)
}
