package fake

import (
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// get answers with one object. A resourceVersion asks for a state that is not older.
func (s *Server) get(w http.ResponseWriter, r *request, f form) *metav1.Status {
	if refused := f.fitsOne(); refused != nil {
		return refused
	}
	least, err := parseVersion(r.URL.Query().Get("resourceVersion"))
	if err != nil {
		return failed(err)
	}
	s.store.mu.Lock()
	o, ok := r.collection.objects[key{r.namespace, r.name}]
	now := s.store.rv
	s.store.mu.Unlock()
	switch {
	case least > now:
		return tooLarge(least, now)
	case !ok:
		return notFound(r.resource.GVR().GroupResource(), r.name)
	}
	respondOne(w, r, f, http.StatusOK, o.Object)
	return nil
}
