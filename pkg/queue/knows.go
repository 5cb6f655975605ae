package queue

// Knows reports whether there is work for the object. If there is none, an event of it that did not pass changes
// nothing, and need not be added; what another goroutine makes of the object meanwhile comes after that event.
func (q *Queue[P]) Knows(k Key, _ string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, known := q.objects.Get(k)
	if !known {
		_, known = q.unsaid.Get(k)
	}
	return known
}

// Knows reports whether there is work for the object. If there is none, an event of it that did not pass changes
// nothing, and need not be added.
func (p *Pool[P]) Knows(k Key, uid string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, known := p.origins.Get(identity{key: k, uid: uid})
	if !known {
		_, known = p.unsaid.Get(identity{key: k, uid: uid})
	}
	return known
}

// Waits reports whether work for the object is queued behind its running calls.
func (q *Queue[P]) Waits(k Key, uid string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	o, known := q.objects.Get(k)
	if !known {
		return false
	}
	for it := o.first; it != nil; it = it.next {
		if same(it.uid, uid) {
			return true
		}
	}
	return false
}

// Waits reports whether work for the object is queued behind its running calls.
func (p *Pool[P]) Waits(k Key, uid string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, known := p.origins.Get(identity{key: k, uid: uid})
	return known && g.waiting.N > 0
}

// Busy reports whether a call of the object runs.
func (q *Queue[P]) Busy(k Key, _ string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	o, known := q.objects.Get(k)
	return known && o.run != nil
}

// Busy reports whether a call of the object runs that has not entered its callback.
func (p *Pool[P]) Busy(k Key, uid string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, known := p.origins.Get(identity{key: k, uid: uid})
	return known && g.entering != nil && g.entering.mate.In == nil
}
