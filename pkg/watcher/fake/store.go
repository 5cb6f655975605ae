package fake

import (
	"cmp"
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
}

// collection is the objects of one resource, and their history. It is used with the store's lock held.
type collection struct {
	resource kind.Resource
	objects  map[key]*object
	log      []change
	// compacted is the resourceVersion up to which the history was forgotten.
	compacted uint64
}

// change is what one request did to one object: created it (no was), changed it, or deleted it (no is).
type change struct {
	rv      uint64
	was, is *object
}

func newStore() *store {
	return &store{rv: 1, collections: map[schema.GroupResource]*collection{}, changed: make(chan struct{})}
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
	c.log = append(c.log, change{rv: s.rv, was: was, is: is})
	s.wake()
}

// wake tells all watches to look again.
func (s *store) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// sorted are the objects of a namespace, or of all if that is empty, by their keys in etcd.
func (c *collection) sorted(namespace string) []*object {
	var out []*object
	for k, o := range c.objects {
		if namespace == "" || k.namespace == namespace {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b *object) int {
		x, y := a.key(), b.key()
		return cmp.Or(cmp.Compare(x.namespace, y.namespace), cmp.Compare(x.name, y.name))
	})
	return out
}

// since are the changes after rv; false if some of them were forgotten.
func (c *collection) since(rv uint64) ([]change, bool) {
	if rv < c.compacted {
		return nil, false
	}
	i, _ := slices.BinarySearchFunc(c.log, rv+1, func(ch change, rv uint64) int { return cmp.Compare(ch.rv, rv) })
	return c.log[i:], true
}

// compact forgets the history of all resources up to now.
func (s *store) compact() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.collections {
		c.log, c.compacted = nil, s.rv
	}
	s.wake()
}
