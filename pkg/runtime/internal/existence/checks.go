package existence

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/live"
)

const (
	// AtOnce is how many requests run at once to decide between left and deleted.
	AtOnce = 8
	// Together is from how many objects of one namespace on a list of their metadata is cheaper than one read each.
	Together = 100
	// Everywhere is from how many objects on all namespaces are listed at once, where a binding watches all.
	Everywhere = 1000
)

// The delays after which a failed check is retried, the second twice as long as the first and so on.
const (
	RetryMin = time.Second
	retryMax = time.Minute
)

// errCheckPanicked is about a check that ended in a panic.
var errCheckPanicked = errors.New("an existence check panicked, which is a defect of Ancho")

// Question asks whether an object still exists that left the sight of a stream in the state of the resourceVersion.
type Question struct {
	Resource      kind.Resource
	Namespace     string
	Name, UID, RV string
	Wide          bool // a list of all namespaces may answer it
}

// Asker is a pending deletion that wants to know. Its methods may be called from any goroutine.
type Asker interface {
	// Question is what is asked. It does not change.
	Question() Question
	// Open reports whether the answer is still wanted.
	Open() bool
	// Decided delivers the answer.
	Decided(exists bool)
	// Binding is whose object it is: a failure is logged once for each.
	Binding() Waiting
}

// Waiting is a binding whose objects wait for answers. It is comparable.
type Waiting interface {
	// Log is where it says why its objects wait.
	Log() logr.Logger
}

// Checks finds out for all bindings whether objects exist: one request for each object, or one list for many at once.
// It starts goroutines where there is something to ask, which end when there is nothing.
type Checks struct {
	Server  live.Reader
	pending atomic.Int32 // deletions that are pending, of all bindings

	mu      sync.Mutex
	ctx     context.Context //nolint:containedctx // that of Run, which begins after this was made; nil: it has not begun
	all     map[checkID]*check
	due     []*check       // of all, those that wait for nothing, oldest first
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

// checkID is one departure of one object, of which several bindings may want to know.
type checkID struct {
	place
	name, uid, rv string
}

// check is one question.
type check struct {
	id    checkID
	wide  bool        // a list of all namespaces may answer it
	alone bool        // such a list, or that of its namespace, was refused
	fails int         // how often it failed
	over  bool        // somebody knows
	timer *time.Timer // until it is tried again
	who   []Asker     // want to know
}

// New returns the checks of one runtime. None begins before Run.
func New(server live.Reader) *Checks {
	return &Checks{Server: server, all: map[checkID]*check{}, lists: map[place]bool{}, singles: map[place]int{}}
}

// Run lets checks begin until ctx ends. The function that it returns waits then for the running checks.
func (s *Checks) Run(ctx context.Context) (wait func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx = ctx
	for range AtOnce {
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

// Opened counts a deletion that is pending from now on.
func (s *Checks) Opened() { s.pending.Add(1) }

// Closed counts one that is not any more.
func (s *Checks) Closed() { s.pending.Add(-1) }

// Pending is how many deletions are pending, of all bindings.
func (s *Checks) Pending() int { return int(s.pending.Load()) }

// Remembered is how much is remembered: questions, lists that are under way, and places of single reads.
func (s *Checks) Remembered() (questions, lists, reads int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all), len(s.lists), len(s.singles)
}

// Ask asks about a pending deletion. Bindings with the same question share the answer.
func (s *Checks) Ask(d Asker) {
	q := d.Question()
	id := checkID{place: place{q.Resource, q.Namespace}, name: q.Name, uid: q.UID, rv: q.RV}
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.all[id]
	if !ok {
		l = &check{id: id}
		s.all[id] = l
		s.due = append(s.due, l)
	}
	l.who = append(l.who, d)
	l.wide = l.wide || q.Wide
	s.hire()
}

// hire starts a goroutine if there is work for one more. mu is held.
func (s *Checks) hire() {
	if s.ctx != nil && s.ctx.Err() == nil && s.workers < AtOnce && len(s.due) > 0 {
		s.workers++
		s.wg.Go(s.work)
	}
}

func (s *Checks) work() {
	for {
		s.mu.Lock()
		of, at, list := s.next()
		if len(of) == 0 {
			s.workers--
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		s.request(of, at, list)
	}
}

// request makes one request. A panic on the way is a failure of it: nothing that a server answers ends the process.
func (s *Checks) request(of []*check, at place, list bool) {
	defer func() {
		if p := recover(); p != nil {
			// Of its value only the type is told: it may hold a part of an object.
			s.failed(fmt.Errorf("%w: %T", errCheckPanicked, p), of...)
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
		for range AtOnce { // what came meanwhile
			s.hire()
		}
	}()
	s.list(at, of)
}

// next takes what one request is to answer: one check, or those that the list of a place will answer. Objects that
// were read one by one count too, so that it does not matter how fast departures arrive. While a list is under way,
// later checks of its place wait: they are answered together afterwards. mu is held.
func (s *Checks) next() (of []*check, at place, list bool) {
	if s.ctx.Err() != nil {
		return nil, at, false
	}
	for i, first := range s.due {
		at = first.id.place
		wide := place{resource: at.resource}
		together := func(l *check) bool { return l.id.place == at && !l.alone }
		everywhere := func(l *check) bool { return l.id.resource == at.resource && l.wide && !l.alone }
		switch {
		case first.alone:
		case s.lists[at] || first.wide && s.lists[wide]:
			continue
		case first.wide && s.count(everywhere)+s.singles[wide] >= Everywhere:
			return s.take(wide, everywhere), wide, true
		case s.count(together)+s.singles[at] >= Together:
			return s.take(at, together), at, true
		}
		s.due = slices.Delete(s.due, i, i+1)
		s.singles[at]++
		if first.wide && at != wide {
			s.singles[wide]++
		}
		return []*check{first}, at, false
	}
	return nil, at, false
}

func (s *Checks) count(which func(*check) bool) (n int) {
	for _, l := range s.due {
		if which(l) {
			n++
		}
	}
	return n
}

// take takes the checks that a list of a place will answer. mu is held.
func (s *Checks) take(at place, which func(*check) bool) (of []*check) {
	s.lists[at] = true
	delete(s.singles, at)
	s.due = slices.DeleteFunc(s.due, func(l *check) bool {
		ok := which(l)
		if ok {
			of = append(of, l)
		}
		return ok
	})
	return of
}

// forget drops a check that has ended. mu is held.
func (s *Checks) forget(l *check) {
	delete(s.all, l.id) // nothing joins it any more
	l.over = true
	if len(s.all) == 0 {
		clear(s.singles)
	}
}
