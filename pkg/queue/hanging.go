package queue

import (
	"slices"
	"time"

	"github.com/ancho-dev/ancho/internal/container"
)

// hangAfter is how long a call runs until it counts as one that hangs.
const hangAfter = time.Minute

// oldestNamed is how many objects Hanging names.
const oldestNamed = 5

// Hanging describes calls that have run for more than a minute. Calls of one namespace that hold more than half of the slots
// no longer count against other namespaces: these get as many extra slots, up to twice Concurrency in all. With a
// Concurrency of 1, or a Strategy wider than PerObject, there are no extra slots.
type Hanging struct {
	// Namespaces hold more than half of the slots, sorted. Objects without a namespace have the empty one.
	Namespaces []string
	// Full says that such calls, of whatever namespaces, hold all slots while work waits.
	Full bool
	// Calls is how many there are, Slots the Concurrency, Oldest the objects of the longest running.
	Calls, Slots int
	Oldest       []Key
}

// hanging finds the calls of an engine that hang. It looks at most once a minute, and only while more than half of the
// slots are in use.
type hanging struct {
	slots  int
	extra  bool             // hanging calls make room for others
	next   container.Moment // when to look; never: not before more than half of the slots are in use
	calls  int              // that hang
	of     map[string]int   // by namespace
	sum    int              // of the namespaces that hold more than half
	state  Hanging          // that was reported
	news   bool             // it is to be reported
	queued func() int       // how much is due
}

func (h *hanging) init(o *Options, own owner) {
	h.slots, h.of = o.Concurrency, map[string]int{}
	if o.Strategy == PerKind || o.Strategy == Global {
		h.slots = 1
	}
	h.extra = o.Concurrency > 1 && o.Strategy == PerObject
	h.queued = own.busy
}

// holds is how many calls of a namespace do not count against others.
func (h *hanging) holds(namespace string) int {
	if n := h.of[namespace]; h.extra && n > h.slots/2 {
		return n
	}
	return 0
}

// most is how many calls may run at once now.
func (e *engine) most() int { return min(e.opts.Concurrency+e.hang.sum, 2*e.opts.Concurrency) }

// room is how many more calls of a namespace may start. Those of a namespace that hangs count for itself.
func (e *engine) room(namespace string) int {
	n := e.opts.Concurrency - e.running.N
	if e.hang.sum > 0 {
		n = min(n+e.hang.sum-e.hang.holds(namespace), e.most()-e.running.N)
	}
	return max(n, 0)
}

// overflows reports whether a call that starts now takes an extra slot.
func (e *engine) overflows() bool { return e.running.N >= e.opts.Concurrency }

// due is when something has to be done: when the first delay ends, or when to look for calls that hang.
func (e *engine) due() (container.Moment, bool) {
	due, ok := e.own.soonest()
	if h := e.hang.next; h != container.Never && (!ok || h < due) {
		return h, true
	}
	return due, ok
}

// watch has the engine look for calls that hang, when enough run.
func (e *engine) watch() {
	if e.hang.next == container.Never && e.running.N > e.hang.slots/2 {
		e.lookLater(e.now())
	}
}

// lookLater sets when to look: when the oldest call that does not hang yet will. While all do, work may begin to wait.
func (e *engine) lookLater(now container.Moment) {
	e.hang.next = now.Add(hangAfter)
	for k := e.running.First; k != nil; k = k.Next {
		if !k.Of.hangs {
			e.hang.next = k.Of.started.Add(hangAfter)
			return
		}
	}
}

// look finds the calls that hang since the last look.
func (e *engine) look(now container.Moment) {
	h := &e.hang
	if h.next == container.Never || now < h.next {
		return
	}
	for k := e.running.First; k != nil && k.Of.started.Add(hangAfter) <= now; k = k.Next {
		if r := k.Of; !r.hangs {
			r.hangs = true
			h.calls++
			h.of[r.key.Namespace]++
		}
	}
	h.next = container.Never
	e.watch()
	e.judge()
}

// unhang takes out a call that ended.
func (e *engine) unhang(r *run) {
	h, namespace := &e.hang, r.key.Namespace
	r.hangs = false
	h.calls--
	if h.of[namespace]--; h.of[namespace] == 0 {
		delete(h.of, namespace)
	}
	e.judge()
}

// judge finds what follows from which calls hang.
func (e *engine) judge() {
	h := &e.hang
	h.sum = 0
	var now []string
	for namespace, n := range h.of {
		h.sum += h.holds(namespace)
		if h.slots > 1 && n > h.slots/2 {
			now = append(now, namespace)
		}
	}
	slices.Sort(now)
	full := h.calls >= h.slots && (h.state.Full || h.queued() > e.running.N)
	if full == h.state.Full && slices.Equal(now, h.state.Namespaces) {
		return
	}
	h.state = Hanging{Namespaces: now, Full: full, Calls: h.calls, Slots: e.opts.Concurrency}
	for k := e.running.First; k != nil && len(h.state.Oldest) < min(oldestNamed, h.calls); k = k.Next {
		h.state.Oldest = append(h.state.Oldest, k.Of.key)
	}
	h.news = true
}

// report gives what the observer has to know, nil for nothing. mu is held.
func (e *engine) report() *Hanging {
	if !e.hang.news {
		return nil
	}
	e.hang.news = false
	state := e.hang.state
	return &state
}

// tell hands it to the observer, without the lock.
func (h *Hanging) tell(o Observer) {
	if h != nil {
		o.Hanging(*h)
	}
}

// Ages is for how long the longest running call has run, and the oldest due call has waited; 0 where there is none. The second is
// approximate: it leaves out calls that wait for another one of their object.
func (e *engine) Ages() (running, waiting time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.now()
	if k := e.running.First; k != nil {
		running = time.Duration(now - k.Of.started)
	}
	if since := e.own.oldest(); since != container.Never {
		waiting = time.Duration(max(now-since, 0))
	}
	return running, waiting
}
