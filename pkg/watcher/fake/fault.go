package fake

import (
	"iter"
	"slices"
	"sync"
)

// Fault is something that goes wrong with requests or their answers. Each fault has a function: Refuse, Stall, Status
// and so on. A Fault does nothing until you pass it to Server.Fault.
type Fault interface{ kind() faultKind }

// faultKind says what happens, and when. What is nil does not.
type faultKind struct {
	verbs []string // of the requests that it can happen to; nil: all
	// concerns tells whether it can happen to a request; nil: to all.
	concerns func(*exchange) bool
	// stalls holds all bytes back while the fault is there.
	stalls bool
	// begin is called with each request, before it is answered. It may answer, or break off.
	begin func(*exchange)
	// running is called with each request that runs when the fault begins.
	running func(*exchange)
	// breaks is to break off in the middle of the next frame of a watch, or of another answer's body.
	breaks bool
	// frame changes frames of a watch, those that framed picks.
	frame  func(*outgoing) error
	framed func(*outgoing) bool
	// chunk is how many bytes of an answer are sent at a time; 0: as they come.
	chunk int
	// direct: it also happens to requests through Server.Direct.
	direct bool
	// rewind is how many events a watch is told again that it was told before.
	rewind int
}

func (k faultKind) kind() faultKind { return k }

// faults are those of a server, and the requests that they can happen to.
type faults struct {
	mu      sync.Mutex
	active  []*Active
	running []*exchange // in the order in which they came
}

// Active is a fault that happens, until it has happened as often as it should, or is stopped. Its methods may be called
// concurrently.
type Active struct {
	faults *faults
	kind   faultKind
	where  where
	// stopped is closed when it does not happen any more.
	stopped chan struct{}
	seen    int // requests or frames that fit
	count   int // those that it happened to
}

// Fault activates a fault for all requests that it can affect, or that match the conditions. It
// lasts until you stop it, or until it has happened as often as Times says. If several faults match, they happen in the
// order of activation, up to the first that answers or breaks off. Requests through Direct are not affected.
func (s *Server) Fault(f Fault, conditions ...Condition) *Active {
	k := f.kind()
	a := &Active{faults: &s.faults, kind: k, where: whereOf(k.verbs, conditions), stopped: make(chan struct{})}
	s.faults.mu.Lock()
	s.faults.active = append(s.faults.active, a)
	var hit []*exchange
	if k.stalls || k.running != nil {
		hit = s.faults.hitBy(a)
	}
	s.faults.mu.Unlock()
	if k.running != nil {
		for _, x := range hit {
			k.running(x)
		}
	}
	return a
}

// Heal stops all faults.
func (s *Server) Heal() {
	s.faults.mu.Lock()
	all := slices.Clone(s.faults.active)
	s.faults.mu.Unlock()
	for _, a := range all {
		a.Stop()
	}
}

// Stop ends the fault. What it held back goes on. A second call does nothing.
func (a *Active) Stop() {
	a.faults.mu.Lock()
	defer a.faults.mu.Unlock()
	if i := slices.Index(a.faults.active, a); i >= 0 {
		a.faults.active = slices.Delete(a.faults.active, i, i+1)
		close(a.stopped)
	}
}

// Count is how often it has happened: to how many requests, or for faults of frames to how many of these.
func (a *Active) Count() int {
	a.faults.mu.Lock()
	defer a.faults.mu.Unlock()
	return a.count
}

// hitBy are the requests that run and that a fault happens to. It is called with the lock held.
func (s *faults) hitBy(a *Active) []*exchange {
	var out []*exchange
	for _, x := range s.running {
		if x.alive() && a.takes(x, x.subject) {
			out = append(out, x)
		}
	}
	return out
}

// takes tells whether it happens once more, to a request or a part of its answer, and counts that. A stall happens to a request
// once, however long. It is called with the lock held.
func (a *Active) takes(x *exchange, about subject) bool {
	if slices.Contains(x.stalledBy, a) {
		return true
	}
	if !a.where.fits(about) || a.kind.concerns != nil && !a.kind.concerns(x) {
		return false
	}
	a.seen++
	if a.seen <= a.where.skip || a.where.times > 0 && a.count >= a.where.times {
		return false
	}
	a.count++
	if a.kind.stalls {
		x.stalledBy = append(x.stalledBy, a)
	}
	return true
}

// happening are the faults that happen to a request now, of those that pick names: each happens when it is come to, so
// that one that is not asked for any more is not counted.
func (s *faults) happening(x *exchange, pick func(*faultKind) bool) iter.Seq[*Active] {
	return s.happeningTo(x, x.subject, pick)
}

// happeningTo is the same of a part of the answer.
func (s *faults) happeningTo(x *exchange, about subject, pick func(*faultKind) bool) iter.Seq[*Active] {
	return func(yield func(*Active) bool) {
		s.mu.Lock()
		all := slices.Clone(s.active)
		s.mu.Unlock()
		for _, a := range all {
			if pick(&a.kind) && s.happens(a, x, about) && !yield(a) {
				return
			}
		}
	}
}

// happens reports whether a fault happens, and counts that. Nothing more happens to a request that was broken off, whose handler may
// still run.
func (s *faults) happens(a *Active, x *exchange, about subject) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return x.failure() == nil && slices.Contains(s.active, a) && a.takes(x, about)
}

// any tells whether some fault of those that pick names happens now.
func (s *faults) any(x *exchange, pick func(*faultKind) bool) (*Active, bool) {
	for a := range s.happening(x, pick) {
		return a, true
	}
	return nil, false
}
