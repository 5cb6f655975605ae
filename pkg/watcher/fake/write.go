package fake

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// writer makes the change that one request asks for, with the store's lock held.
type writer struct {
	*request
	store   *store
	options options
}

// answer is what a request that was granted gets: the object, or a Status of success.
type answer struct {
	code   int
	is     *object
	status *metav1.Status
}

// write does what a POST, PUT, PATCH or DELETE asks for, in one step that nobody sees half done. The answer is an object, or
// a Status: of why it was refused, or, for a deletion, of success.
func (s *Server) write(r *request, body []byte) (code int, is *object, refused *metav1.Status) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	a, err := (&writer{request: r, store: s.store}).do(body)
	if err != nil {
		refused = statusOf(err)
		return int(refused.Code), nil, refused
	}
	return a.code, a.is, a.status
}

func (w *writer) do(body []byte) (answer, error) {
	if w.collection.gone {
		return answer{}, apierrors.NewNotFound(w.groupResource(), w.name)
	}
	if w.resource.Namespaced && w.namespace == "" {
		return answer{}, w.unsupported() // a path over all namespaces can be read, not written
	}
	if err := w.readOptions(); err != nil {
		return answer{}, err
	}
	switch {
	case w.Method == http.MethodPost && w.name == "":
		return w.create(body)
	case w.Method == http.MethodPut && w.name != "":
		return w.update(body)
	case w.Method == http.MethodPatch && w.name != "":
		return w.patch(body)
	case w.Method == http.MethodDelete && w.name != "" && w.subresource == "":
		return w.delete(body)
	case w.Method == http.MethodDelete && w.name == "" && w.groupResource() != namespaces:
		return w.deleteCollection(body)
	default:
		return answer{}, w.unsupported()
	}
}

func (w *writer) unsupported() error {
	return apierrors.NewGenericServerResponse(http.StatusMethodNotAllowed, w.Method, schema.GroupResource{}, "", "", 0, true)
}

func (w *writer) groupResource() schema.GroupResource { return w.resource.GVR().GroupResource() }

// groupKind is what a Status about an invalid object names.
func (w *writer) groupKind() schema.GroupKind { return w.resource.GVK().GroupKind() }

// hasStatus tells whether the status is written on a path of its own, and on no other.
func (w *writer) hasStatus() bool { return slices.Contains(subresources(w.collection), "status") }

// find is the object that the URL names.
func (w *writer) find() (*object, bool) {
	o, ok := w.collection.objects[key{w.namespace, w.name}]
	return o, ok
}

// put stores a state after was, which is nil for a creation. A dry run stores nothing: the answer has the resourceVersion
// that the object would have had before, or none.
func (w *writer) put(was *object, is *unstructured.Unstructured) *object {
	if w.options.dryRun {
		return &object{Unstructured: is}
	}
	o := stamped(is.Object, w.store.next())
	w.store.commit(w.collection, was, o)
	return o
}

// take removes an object, and gives its last state under the resourceVersion of the deletion.
func (w *writer) take(was *object) *object {
	if w.options.dryRun {
		return was
	}
	rv := w.store.next()
	w.store.commit(w.collection, was, nil)
	w.store.finishNamespace(was.GetNamespace())
	return was.at(rv)
}

// statusOf is the Status of an error. One that says nothing of its own is a 500 without a reason, as the real server
// answers it.
func statusOf(err error) *metav1.Status {
	st := metav1.Status{Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Message: err.Error()}
	var said apierrors.APIStatus
	if errors.As(err, &said) {
		st = said.Status()
	}
	st.Kind, st.APIVersion = "Status", "v1"
	return &st
}

func badRequest(format string, args ...any) error {
	return apierrors.NewBadRequest(fmt.Sprintf(format, args...))
}
