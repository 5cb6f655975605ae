package fake

import (
	"errors"
	"io"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxBody is the size in bytes of the largest body that a real server reads.
const maxBody = 3 << 20

// answer answers one request, without faults. It returns when the request is answered, for a watch when that has ended.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && s.discover(w, r) {
		return
	}
	q, ok := s.find(r)
	if !ok {
		s.refusePath(w, r)
		return
	}
	f, refused := negotiate(q)
	if refused == nil {
		refused = s.serve(w, q, f)
	}
	if refused != nil {
		refuse(w, r, refused)
	}
}

// serve answers, unless it refuses to.
func (s *Server) serve(w http.ResponseWriter, r *request, f form) *metav1.Status {
	switch r.Method {
	case http.MethodGet:
		return s.read(w, r, f)
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return s.change(w, r, f)
	}
	return generic(http.StatusMethodNotAllowed)
}

// refusePath answers for a path that is not served: with a Status in a group that is built in, and else with text (rule
// 41).
func (s *Server) refusePath(w http.ResponseWriter, r *http.Request) {
	if parts, ok := segments(r.URL); ok && s.ownsGroup(parts) {
		refuse(w, r, generic(http.StatusNotFound))
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	respond(w, r, http.StatusNotFound, "text/plain; charset=utf-8", []byte(notServed))
}

// ownsGroup tells whether a path is in a group that is built in.
func (s *Server) ownsGroup(path []string) bool {
	if len(path) < 2 || path[0] == "api" {
		return path[0] == "api"
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	for gr, c := range s.store.collections {
		if path[0] == "apis" && c.builtin && gr.Group == path[1] {
			return true
		}
	}
	return false
}

func (s *Server) read(w http.ResponseWriter, r *request, f form) *metav1.Status {
	if r.name != "" {
		return s.get(w, r, f)
	}
	o, refused := listOptions(r)
	if refused != nil {
		return refused
	}
	if o.Watch {
		return s.watch(w, r, f, o)
	}
	return s.list(w, r, f, o)
}

// change hands a request on to the half of the server that writes. Its answer is an object or a Status, which is no
// refusal if something was deleted.
func (s *Server) change(w http.ResponseWriter, r *request, f form) *metav1.Status {
	if refused := f.fitsOne(); refused != nil {
		return refused
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return refusal(apierrors.NewRequestEntityTooLargeError("limit is 3145728"))
		}
		return malformed(err.Error())
	}
	code, is, status := s.write(r, body)
	if status != nil {
		if status.Code == 0 {
			status.Code = int32(code) //nolint:gosec // three digits
		}
		return status
	}
	respondOne(w, r, f, code, is.Object)
	return nil
}
