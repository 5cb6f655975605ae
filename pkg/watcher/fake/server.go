package fake

import (
	"github.com/ancho-dev/ancho/pkg/kind"
)

// Server is an API server in memory. It is an http.Handler; Config and Listen are ways to it for clients. All methods
// may be called concurrently. Inside testing/synctest it has to be made inside the bubble.
type Server struct {
	store  *store
	faults faults
}

// defaultHistory is how many changes of each resource are kept. A real server keeps those of about 75 seconds.
const defaultHistory = 1000

// Option is a setting of a Server.
type Option func(*Server)

// WithHistory makes the server keep the newest n changes of each resource, for watches to start from and for further
// pages of lists. Requests that need older ones get 410. Default: 1000. Zero keeps none.
func WithHistory(n int) Option {
	return func(s *Server) { s.store.history = max(n, 0) }
}

// WithResources registers custom resources from the beginning; see Register.
func WithResources(kinds ...kind.Any) Option {
	return func(s *Server) { s.Register(kinds...) }
}

// New makes a server that serves all built-in kinds and has the namespaces that every cluster has: default,
// kube-system, kube-public and kube-node-lease. It needs no closing.
func New(opts ...Option) *Server {
	s := &Server{store: newStore()}
	for _, k := range kind.Builtin() {
		s.store.add(k.Resource(), true)
	}
	for _, name := range []string{"default", "kube-node-lease", "kube-public", "kube-system"} {
		s.store.addNamespace(name)
	}
	for _, o := range opts {
		o(s)
	}
	return s
}

// Register makes the server serve further resources, as if their CustomResourceDefinitions were installed. The kind's
// declaration gives scope and plural. A resource that the server already serves is unchanged, and a kind without a
// declaration is skipped.
func (s *Server) Register(kinds ...kind.Any) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	for _, k := range kinds {
		r := k.Resource()
		if _, ok := s.store.collections[r.GVR().GroupResource()]; ok || r.Plural == "" {
			continue
		}
		// How somebody reads a resource is no property of it, and custom resources have no protobuf.
		r.Metadata, r.Protobuf, r.Guessed = false, false, false
		s.store.next() // the CustomResourceDefinition
		s.store.add(r, false)
	}
}

// Unregister has the server stop serving a custom resource, as if its CustomResourceDefinition was deleted: its objects
// are deleted one by one, whatever finalizers they have, then its watches end, and its paths are not found any
// more (rule 41). A built-in kind stays.
func (s *Server) Unregister(k kind.Any) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	gr := k.Resource().GVR().GroupResource()
	c, ok := s.store.collections[gr]
	if !ok || c.builtin {
		return
	}
	for _, o := range c.sorted("") {
		s.store.next()
		s.store.commit(c, o, nil)
	}
	s.store.next() // the CustomResourceDefinition
	c.gone = true
	delete(s.store.collections, gr)
	s.store.wake()
}

// Compact expires the history of all resources: a watch from an earlier resourceVersion gets 410, and so does the next
// page of a list that has started. Running watches continue.
func (s *Server) Compact() { s.store.compact() }
