package queue

import "github.com/ancho-dev/ancho/internal/container"

// Pool is the engine of Watch: every event that passed is a call of its own, as long as there is room (see Limit).
// Calls run concurrently, also two for one object, and start in the order of
// Add; a call that is made again (a retry, a requeue) goes to the end of the
// line when its delay ends. Nothing is parked: the pool gives up an event that fails permanently.
// All its methods are safe for concurrent use.
//
// The calls of one object are entered in the order of Add: the second starts when the first has called [Call.Enter], or
// has ended. Calls that are made again are outside this order, unless they were postponed before they called Enter.
type Pool[P any] struct {
	engine
	handle Handler[P]

	// Guarded by engine.mu.
	line    container.List[*entry[P]]   // due calls that may start, in the order of their numbers
	freed   container.Delays[*entry[P]] // those that had to wait for an earlier one of their object, by number
	delays  container.Delays[*entry[P]]
	origins container.Table[identity, *origin[P]]
	unsaid  container.Table[identity, unsaid]
	crowd   map[string]*container.List[*entry[P]] // due calls of namespaces that hang, by namespace; see pick
	number  container.Moment                      // of the call that came last
	held    int                                   // due calls that wait for an earlier one of their object
	waits   [2]int                                // delayed: retries, requeues
	limit   limit[P]
}

// identity tells the objects apart that calls are for.
type identity struct {
	key Key
	uid string
}

// origin is what a pool keeps of an object that it has calls for. Mostly it has one, which is part of it.
type origin[P any] struct {
	id         identity
	waiting    container.List[*entry[P]] // first the delayed, newest first, then the due, oldest first
	entering   *entry[P]                 // the oldest first call that has not entered its callback; nil: all have
	held       container.List[*entry[P]] // due calls behind it
	generation int64
	urged      container.Moment // see patience
	entries    int32            // those that wait or run
	keyOnly    int32            // that run
	dropped    int32            // how often its work was dropped
	changed    uint16           // how often there was a renewal
	stirred    uint16           // how often its retries became due sooner
	last       code             // type of the last event that passed
	out        bool             // and so was the last of all: Deleted or Left
	said       bool             // a call has succeeded since the object was out of the set
	heard      news             // of which all delayed calls know; bits
	used       bool             // own is in use
	own        entry[P]
}

// entry is one call of a pool.
type entry[P any] struct {
	item[P]
	turn    container.Link[*entry[P]]   // in the line, or in origin.held
	mate    container.Link[*entry[P]]   // in origin.waiting
	alarm   *container.Alarm[*entry[P]] // in the delays, or in Pool.freed; nil: it never waited there
	number  container.Moment            // orders the due calls
	origin  *origin[P]
	dropped int32  // origin.dropped when it came
	changed uint16 // origin.changed when it started
	stirred uint16 // origin.stirred when it started
}

// entry gives an empty entry.
func (g *origin[P]) entry() *entry[P] {
	c := &g.own
	if g.used {
		c = &entry[P]{}
	}
	g.used = true
	c.origin, c.dropped = g, g.dropped
	c.turn.Of, c.mate.Of = c, c
	g.entries++
	return c
}

// NewPool makes a pool that calls h. Nothing runs before Run.
func NewPool[P any](o Options, h Handler[P]) *Pool[P] {
	p := &Pool[P]{handle: h}
	p.init(o, p)
	p.limit.load = &p.load
	return p
}

// Add takes an event. It never blocks. After Shutdown it does nothing.
func (p *Pool[P]) Add(e Event[P]) {
	var n observations
	p.mu.Lock()
	if !p.closed {
		p.add(&e, &n)
		p.update()
	}
	p.mu.Unlock()
	n.tell(p.opts.Observer)
}

func (p *Pool[P]) add(e *Event[P], n *observations) {
	id := identity{key: e.Key, uid: e.UID}
	g, known := p.origins.Get(id)
	if known {
		p.hear(g, e)
	}
	if !e.Passed {
		if e.Type.out() {
			p.unsaid.Delete(id)
		}
		// What was taken as out already stays: it is told in its own call.
		if known && e.Type.out() && !g.last.typ().out() {
			p.abandon(g, n)
		}
		return
	}
	n.received = true
	if !known {
		g = &origin[P]{id: id, generation: e.Generation, last: codeUnchanged, out: e.Type.out()}
		p.origins.Set(id, g)
	}
	if e.Type != Unchanged {
		g.last = codeOf(e.Type)
	}
	if c := p.host(g); c != nil {
		p.join(c, e, n)
		return
	}
	p.limit.fit(e, nil, g.keyOnly > 0)
	c := g.entry()
	c.begin(e, p.now(), true)
	p.say(c)
	g.waiting.Push(&c.mate)
	p.queue(c)
	p.limit.weigh(&c.item)
}

// host is what an event becomes part of for which there is no room, nil where it is a call of its own. What is
// keyOnly may tell a later state than the event has, so the event does not go behind it; nor would it be bounded how
// many calls of an object are keyOnly, if each could fail and make room for one more.
func (p *Pool[P]) host(g *origin[P]) *entry[P] {
	if g.waiting.N == 0 {
		return nil
	}
	c := g.waiting.Last.Of
	if c.wait != waitNone {
		c = g.waiting.First.Of
	}
	if p.load.over() || c.keyOnly {
		return c
	}
	return nil
}

func (p *Pool[P]) join(c *entry[P], e *Event[P], n *observations) {
	if c.wait == waitRequeue { // the event's call takes its place
		p.wake(c)
	}
	p.limit.fit(e, &c.item, c.origin.keyOnly > 0)
	n.merged = c.item.join(e, p.now())
	p.limit.weigh(&c.item)
}

// hear has the news of an event end the waits of an object's calls, as far as it does.
func (p *Pool[P]) hear(g *origin[P], e *Event[P]) {
	heard := e.newsOf(g.out, g.generation)
	if e.Type != Unchanged {
		g.out = e.Type.out()
	}
	if e.Generation != 0 {
		g.generation = e.Generation
	}
	switch heard {
	case noNews:
		return
	case stir:
		g.stirred++
	case renewal:
		g.changed++
	}
	now := p.now()
	if heard == renewal && g.urged <= now {
		g.urged = urged(g.urged, now, &p.opts.Backoff)
	} else if g.heard&heard != 0 {
		return
	}
	g.heard |= heard
	k := g.waiting.First // the delayed are the first, the oldest of them the last
	for k != nil && k.Next != nil && k.Next.Of.wait != waitNone {
		k = k.Next
	}
	for k != nil && k.Of.wait != waitNone {
		c := k.Of
		k = k.Prev // before it moves
		p.hasten(c, heard, now)
	}
}

// hasten has one call wait no longer than the news of its object make it.
func (p *Pool[P]) hasten(c *entry[P], heard news, now container.Moment) {
	due := c.alarm.Due
	switch {
	case heard == renewal:
		c.restart()
		due = min(due, c.origin.urged)
	case c.wait == waitRetry:
		due = min(due, max(now, c.alarm.Since.Add(p.opts.Backoff.Min)))
		c.brought(due < c.alarm.Due)
	}
	switch {
	case due == c.alarm.Due:
	case due > now:
		c.due = due
		p.delays.Push(c.alarm, due)
	default:
		c.due = now
		if c.wait == waitRequeue {
			c.asked()
		}
		p.wake(c)
	}
}

// wake moves a delayed call to the line.
func (p *Pool[P]) wake(c *entry[P]) {
	p.delays.Remove(c.alarm)
	p.waits[c.wait.index()]--
	c.wait = waitNone
	p.enqueue(c)
	c.mate.Remove()
	c.origin.waiting.Push(&c.mate)
}

// index is the place of a delay in Pool.waits.
func (w wait) index() int {
	if w == waitRequeue {
		return 1
	}
	return 0
}

// abandon drops the work of an object that is gone, or left, and nobody is to know.
func (p *Pool[P]) abandon(g *origin[P], n *observations) {
	g.dropped++
	for g.waiting.N > 0 {
		c := g.waiting.First.Of
		if c.wait != waitNone {
			p.wake(c)
		}
		p.unline(c)
		if g.entering == c {
			g.entering = nil
		}
		p.release(c)
		n.gone++
	}
}

// release lets go of a call, and of its object with the last.
func (p *Pool[P]) release(c *entry[P]) {
	c.mate.Remove()
	p.limit.release(&c.item)
	g := c.origin
	if g.entries--; g.entries == 0 {
		p.origins.Delete(g.id)
		return
	}
	if c == &g.own {
		*c = entry[P]{}
		g.used = false
	}
}

// Stats counts what is in the pool.
func (p *Pool[P]) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Stats{
		Waiting: p.waiting() + p.held, Running: p.running.N, Retrying: p.waits[0], Requeued: p.waits[1], Bytes: p.load.held,
	}
}

// startable, busy, soonest and elapse: see owner.
func (p *Pool[P]) startable() int {
	if p.pick() == nil {
		return 0
	}
	if p.hang.sum > 0 || len(p.crowd) > 0 {
		return 1 // the next is picked when that one has started
	}
	return p.waiting()
}

// waiting is how many calls are due and wait for a slot alone.
func (p *Pool[P]) waiting() int {
	n := p.line.N + len(p.freed.Heap)
	for _, l := range p.crowd {
		n += l.N
	}
	return n
}

func (p *Pool[P]) oldest() (since container.Moment) {
	look := func(c *entry[P]) { since = earlier(since, max(c.received, c.due)) }
	if p.line.N > 0 {
		look(p.line.First.Of)
	}
	if len(p.freed.Heap) > 0 {
		look(p.freed.Heap[0].Of)
	}
	for _, l := range p.crowd {
		if l.N > 0 {
			look(l.First.Of)
		}
	}
	return since
}

func (p *Pool[P]) busy() int                         { return p.waiting() + p.held + p.running.N }
func (p *Pool[P]) soonest() (container.Moment, bool) { return p.delays.First() }

func (p *Pool[P]) elapse(now container.Moment) {
	for {
		c, ok := p.delays.Pop(now)
		if !ok {
			return
		}
		if c.wait == waitRequeue {
			c.asked()
		}
		p.wake(c)
	}
}
