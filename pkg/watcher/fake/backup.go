package fake

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Backup is the state of a server at some time.
type Backup struct {
	rv          uint64
	collections map[schema.GroupResource]*collection
}

// Backup keeps the state as it is now: objects, history, resources and the resourceVersion.
func (s *Server) Backup() *Backup {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return &Backup{rv: s.store.rv, collections: copied(s.store.collections)}
}

// Restore goes back to a backup of this server, as when etcd is restored. The resourceVersion goes back too, and the
// server assigns the same numbers again to other changes, which a watch from before cannot see (rule 25). Running
// requests are cut, because the server restarts for it. You can restore a backup more than once.
func (s *Server) Restore(b *Backup) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.Cut(func(w *where) { w.verbs = nil })
	for _, c := range s.store.collections {
		c.gone = true // for requests that run
	}
	s.store.rv, s.store.collections = b.rv, copied(b.collections)
	s.store.wake()
}

// copied are collections that change by themselves. Their objects and changes do not.
func copied(collections map[schema.GroupResource]*collection) map[schema.GroupResource]*collection {
	out := map[schema.GroupResource]*collection{}
	for gr, c := range collections {
		to := *c
		to.objects, to.log = maps.Clone(c.objects), slices.Clone(c.log)
		to.last = &change{rv: c.last.rv} // the next goes behind this one, not behind that of the other
		out[gr] = &to
	}
	return out
}
