package fake

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// store holds all objects and what became of them. There is one counter of resourceVersions, as in etcd.
type store struct {
	mu          sync.Mutex
	rv          uint64
	collections map[schema.GroupResource]*collection
	changed     chan struct{} // closed, and replaced, with each change of anything
	history     int           // changes that each collection keeps
}

// collection is the objects of one resource, and their history. It is used with the store's lock held.
type collection struct {
	resource kind.Resource
	builtin  bool
	objects  map[key]*object
	log      []*change
	// last is the newest change, also when the log has forgotten it. A watch that runs goes from change to change,
	// so that it misses nothing when the history is compacted, as a real one does not.
	last *change
	// compacted is the resourceVersion up to which the history was forgotten.
	compacted uint64
	// gone says that the resource is not served any more.
	gone bool
}

// change is what one request did to one object: created it (no was), changed it, or deleted it (no is).
type change struct {
	rv      uint64
	was, is *object
	next    *change
}

func newStore() *store {
	return &store{rv: 1, collections: map[schema.GroupResource]*collection{}, changed: make(chan struct{}), history: defaultHistory}
}

// add makes a collection, which has no history: whatever a watch wants to know from before is expired.
func (s *store) add(r kind.Resource, builtin bool) {
	s.collections[r.GVR().GroupResource()] = &collection{
		resource: r, builtin: builtin, objects: map[key]*object{}, last: &change{rv: s.rv}, compacted: s.rv,
	}
}

// next is the resourceVersion of a change that is being made.
func (s *store) next() uint64 {
	s.rv++
	return s.rv
}

// commit makes a change known: is takes the place of was. One of them may be nil. The resourceVersion of is, or of the
// deletion, is the one that next gave.
func (s *store) commit(c *collection, was, is *object) {
	if is != nil {
		c.objects[is.key()] = is
	} else {
		delete(c.objects, was.key())
	}
	ch := &change{rv: s.rv, was: was, is: is}
	c.last.next, c.last = ch, ch
	c.log = append(c.log, ch)
	if forget := len(c.log) - s.history; forget > 0 {
		c.compacted = c.log[forget-1].rv
		c.log = slices.Delete(c.log, 0, forget)
	}
	s.wake()
}

// wake tells all watches to look again.
func (s *store) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// path is a key as etcd orders it.
func (k key) path() string { return k.namespace + "/" + k.name }

// sorted are the objects of a namespace, or of all if that is empty, by their keys in etcd.
func (c *collection) sorted(namespace string) []*object { return sorted(c.objects, namespace) }

func sorted(objects map[key]*object, namespace string) []*object {
	var out []*object
	for k, o := range objects {
		if namespace == "" || k.namespace == namespace {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b *object) int { return cmp.Compare(a.key().path(), b.key().path()) })
	return out
}

// since are the changes after rv; false if some of them were forgotten.
func (c *collection) since(rv uint64) ([]*change, bool) {
	if rv < c.compacted {
		return nil, false
	}
	i, _ := slices.BinarySearchFunc(c.log, rv+1, func(ch *change, rv uint64) int { return cmp.Compare(ch.rv, rv) })
	return slices.Clone(c.log[i:]), true // it is read without the lock
}

// before are the last n changes up to rv, of those that are known.
func (c *collection) before(rv uint64, n int) []*change {
	end, _ := slices.BinarySearchFunc(c.log, rv+1, func(ch *change, rv uint64) int { return cmp.Compare(ch.rv, rv) })
	return slices.Clone(c.log[max(end-n, 0):end])
}

// at are the objects as they were at rv; false if that was forgotten.
func (c *collection) at(rv uint64) (map[key]*object, bool) {
	changes, ok := c.since(rv)
	if !ok {
		return nil, false
	}
	out := maps.Clone(c.objects)
	for _, ch := range slices.Backward(changes) {
		if ch.was == nil {
			delete(out, ch.is.key())
		} else {
			out[ch.was.key()] = ch.was
		}
	}
	return out, true
}

// compact forgets the history of all resources up to now.
func (s *store) compact() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.collections {
		c.log, c.compacted = nil, s.rv
	}
}
