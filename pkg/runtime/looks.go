package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ancho-dev/ancho/pkg/kind"
)

const (
	// lookers is how many requests are under way at once to tell what left from what was deleted.
	lookers = 8
	// lookTogether is from how many objects of one namespace on a list of their metadata is cheaper than one read each.
	lookTogether = 100
	// lookWide is from how many objects on all namespaces are listed at once, where a binding watches all.
	lookWide = 1000
)

// The delays after which a look that failed is tried again, the second twice as long as the first and so on.
const (
	lookAgainMin = time.Second
	lookAgainMax = time.Minute
)

// errLookPanicked is about a look that ended in a panic.
var errLookPanicked = errors.New("looking at the server panicked, which is a defect of Ancho")

// looks finds out for all bindings whether objects exist: one request for each object, or one list for many at once.
// It starts goroutines where there is something to look at, which end when there is nothing.
type looks struct {
	server reader
	open   atomic.Int32 // departures that are undecided, of all bindings

	mu      sync.Mutex
	ctx     context.Context //nolint:containedctx // that of Run, which begins after this was made; nil: it has not begun
	all     map[lookID]*look
	due     []*look        // of all, those that wait for nothing, oldest first
	lists   map[place]bool // that are under way
	singles map[place]int  // objects read one by one since the last list, or since none was open
	workers int
	wg      sync.WaitGroup
}

// place is what a list is of. The empty namespace is all of them, or that of a resource without namespaces.
type place struct {
	resource  kind.Resource
	namespace string
}

// lookID is one departure of one object, of which several bindings may want to know.
type lookID struct {
	place
	name, uid, rv string
}

// look is one question.
type look struct {
	id    lookID
	wide  bool         // a list of all namespaces may answer it
	alone bool         // such a list, or that of its namespace, was refused
	fails int          // how often it failed
	over  bool         // somebody knows
	timer *time.Timer  // until it is tried again
	who   []*departure // wants to know
}

func newLooks(server reader) *looks {
	return &looks{server: server, all: map[lookID]*look{}, lists: map[place]bool{}, singles: map[place]int{}}
}

// run lets looks begin until ctx ends. The function that it returns waits then for those that are under way.
func (s *looks) run(ctx context.Context) (wait func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx = ctx
	for range lookers {
		s.hire()
	}
	return func() {
		s.mu.Lock()
		for _, l := range s.all {
			if l.timer != nil {
				l.timer.Stop()
			}
		}
		s.mu.Unlock()
		s.wg.Wait()
	}
}

// add asks about a departure. Bindings that are told of the same one share the answer.
func (s *looks) add(d *departure) {
	id := lookID{place: place{d.b.Resource, d.id.key.Namespace}, name: d.id.key.Name, uid: d.id.uid, rv: d.id.rv}
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.all[id]
	if !ok {
		l = &look{id: id}
		s.all[id] = l
		s.due = append(s.due, l)
	}
	l.who = append(l.who, d)
	l.wide = l.wide || d.wide
	s.hire()
}

// hire starts a goroutine if there is work for one more. mu is held.
func (s *looks) hire() {
	if s.ctx != nil && s.ctx.Err() == nil && s.workers < lookers && len(s.due) > 0 {
		s.workers++
		s.wg.Go(s.work)
	}
}

func (s *looks) work() {
	for {
		s.mu.Lock()
		of, at, list := s.next()
		if len(of) == 0 {
			s.workers--
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		s.look(of, at, list)
	}
}

// look makes one request. A panic on the way is a failure of it: nothing that a server answers ends the process.
func (s *looks) look(of []*look, at place, list bool) {
	defer func() {
		if p := recover(); p != nil {
			// Of its value only the type is told: it may hold a part of an object.
			s.failed(fmt.Errorf("%w: %T", errLookPanicked, p), of...)
		}
	}()
	if !list {
		s.read(of[0])
		return
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.lists, at)
		for range lookers { // what came meanwhile
			s.hire()
		}
	}()
	s.list(at, of)
}

// next takes what one request is to answer: one look, or those that the list of a place will answer. Objects that
// were read one by one count too, so that it does not matter how fast departures arrive. While a list is under way,
// later looks of its place wait: they are answered together afterwards. mu is held.
func (s *looks) next() (of []*look, at place, list bool) {
	if s.ctx.Err() != nil {
		return nil, at, false
	}
	for i, first := range s.due {
		at = first.id.place
		wide := place{resource: at.resource}
		together := func(l *look) bool { return l.id.place == at && !l.alone }
		everywhere := func(l *look) bool { return l.id.resource == at.resource && l.wide && !l.alone }
		switch {
		case first.alone:
		case s.lists[at] || first.wide && s.lists[wide]:
			continue
		case first.wide && s.count(everywhere)+s.singles[wide] >= lookWide:
			return s.take(wide, everywhere), wide, true
		case s.count(together)+s.singles[at] >= lookTogether:
			return s.take(at, together), at, true
		}
		s.due = slices.Delete(s.due, i, i+1)
		s.singles[at]++
		if first.wide && at != wide {
			s.singles[wide]++
		}
		return []*look{first}, at, false
	}
	return nil, at, false
}

func (s *looks) count(which func(*look) bool) (n int) {
	for _, l := range s.due {
		if which(l) {
			n++
		}
	}
	return n
}

// take takes the looks that a list of a place will answer. mu is held.
func (s *looks) take(at place, which func(*look) bool) (of []*look) {
	s.lists[at] = true
	delete(s.singles, at)
	s.due = slices.DeleteFunc(s.due, func(l *look) bool {
		ok := which(l)
		if ok {
			of = append(of, l)
		}
		return ok
	})
	return of
}

// forget drops a look that has ended. mu is held.
func (s *looks) forget(l *look) {
	delete(s.all, l.id) // nothing joins it any more
	l.over = true
	if len(s.all) == 0 {
		clear(s.singles)
	}
}
