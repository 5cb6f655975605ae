package queue

// Knows reports whether there is work for the object. If there is none, an event of it that did not pass changes
// nothing, and need not be added; what another goroutine makes of the object meanwhile comes after that event.
func (q *Queue[P]) Knows(k Key, _ string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, known := q.objects.get(k)
	if !known {
		_, known = q.unsaid.get(k)
	}
	return known
}

// Knows reports whether there is work for the object. If there is none, an event of it that did not pass changes
// nothing, and need not be added.
func (p *Pool[P]) Knows(k Key, uid string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, known := p.origins.get(identity{key: k, uid: uid})
	if !known {
		_, known = p.unsaid.get(identity{key: k, uid: uid})
	}
	return known
}
