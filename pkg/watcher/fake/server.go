package fake

import (
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// Server is an API server in memory. All methods may be called concurrently.
type Server struct {
	store *store
}

// request is a request for objects, parsed (request.go).
type request struct {
	*http.Request
	resource    kind.Resource
	collection  *collection
	namespace   string // empty: all
	name        string // empty: the collection
	subresource string
}

// The two halves meet here. The read side calls write for POST, PUT, PATCH and DELETE, and answers with the object or the
// Status it returns, in the form that the client accepts, under the code.
//
//	func (s *Server) write(r *request, body []byte) (code int, is *object, refused *metav1.Status)
//
// patched is what a patch makes of an object:
//
//	func patched(r kind.Resource, was map[string]any, as types.PatchType, body []byte) (map[string]any, *metav1.Status)
var _ = []any{(*metav1.Status)(nil), types.JSONPatchType}
