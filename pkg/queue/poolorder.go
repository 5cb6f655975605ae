package queue

import "github.com/ancho-dev/ancho/internal/container"

// The order in which the calls of a Pool start, and in which those of one object are entered.

// Enter says that the handler is about to enter the user's callback, and returns at once. In a Pool, the next call of
// the object may start from now on. A handler that does not call it holds the next call back until it returns. A second
// Enter, and one of a call of a Queue, does nothing.
func (c *Call[P]) Enter() {
	if c.Entering != nil {
		c.Entering.Enter()
	}
}

// Entering is what Call.Enter calls.
type Entering interface{ Enter() }

// Enter implements Entering.
func (w *poolHand[P]) Enter() {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	if w.e != nil && w.e.origin.entering == w.e {
		w.p.pass(w.e)
		w.p.update()
	}
}

// queue puts a new call in the line, or behind the call of its object that has not entered its callback.
func (p *Pool[P]) queue(c *entry[P]) {
	g := c.origin
	if g.entering == nil {
		g.entering = c
		p.enqueue(c)
		return
	}
	p.number++
	c.number = p.number
	g.held.Push(&c.turn)
	p.held++
}

// enqueue puts a call at the end of the line.
func (p *Pool[P]) enqueue(c *entry[P]) {
	p.number++
	c.number = p.number
	p.line.Push(&c.turn)
}

// pass lets the next call of the object start, where c was the one that it waited for.
func (p *Pool[P]) pass(c *entry[P]) {
	g := c.origin
	if g.entering != c {
		return
	}
	g.entering = nil
	if g.held.N == 0 {
		return
	}
	next := g.held.First.Of
	next.turn.Remove()
	p.held--
	g.entering = next
	if next.alarm == nil {
		next.alarm = &container.Alarm[*entry[P]]{Of: next}
	}
	p.freed.Push(next.alarm, next.number) // its place is before what came later
}

// startable is the next call of the object that was not made yet, nil where there is none.
func (g *origin[P]) startable() *entry[P] {
	switch {
	case g.entering != nil && g.entering.mate.In != nil: // else it runs
		return g.entering
	case g.held.N > 0:
		return g.held.First.Of
	}
	return nil
}

// pick gives the call that starts next, nil where none may. Calls of a namespace that hangs, and has no room, make way: they
// wait apart from the line.
func (p *Pool[P]) pick() (c *entry[P]) {
	for c = p.first(); c != nil && p.room(c.origin.id.key.Namespace) == 0; c = p.first() {
		namespace := c.origin.id.key.Namespace
		if p.hang.holds(namespace) == 0 {
			c = nil // there is no room at all
			break
		}
		if p.crowd == nil {
			p.crowd = map[string]*container.List[*entry[P]]{}
		}
		if p.crowd[namespace] == nil {
			p.crowd[namespace] = &container.List[*entry[P]]{}
		}
		p.unline(c)
		p.crowd[namespace].Push(&c.turn)
	}
	for namespace, l := range p.crowd {
		switch {
		case l.N == 0:
			delete(p.crowd, namespace)
		case p.room(namespace) > 0 && (c == nil || l.First.Of.number < c.number):
			c = l.First.Of
		}
	}
	return c
}

// first is the first call of the line, nil where there is none.
func (p *Pool[P]) first() *entry[P] {
	number, ok := p.freed.First()
	if l := p.line.First; l != nil && (!ok || l.Of.number < number) {
		return l.Of
	}
	if !ok {
		return nil
	}
	return p.freed.Heap[0].Of
}

// unline takes a due call out of the order.
func (p *Pool[P]) unline(c *entry[P]) {
	switch {
	case c.turn.In == &c.origin.held:
		p.held--
		c.turn.Remove()
	case c.turn.In != nil:
		c.turn.Remove()
	default:
		p.freed.Remove(c.alarm)
	}
}
