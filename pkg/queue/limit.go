package queue

// limit bounds the payloads that wait in a Queue.
type limit[P any] struct {
	budget int64 // 0: none
	weight func(P) int64
	slim   func(P) P
	held   int64 // by objects that are not at rest, those that run included
}

// Limit bounds the sum of the weights of the payloads that the queue holds: when an event would go beyond the
// budget, its payload is replaced by what slim makes of it, which the handler is given instead. It is called
// before the first Add. With InOrder there is no limit: each event has a state of its own.
func (q *Queue[P]) Limit(budget int64, weight func(P) int64, slim func(P) P) {
	if q.opts.InOrder {
		return
	}
	q.limit = limit[P]{budget: budget, weight: weight, slim: slim}
}

// fit makes an event fit the budget.
func (l *limit[P]) fit(e *Event[P]) {
	if l.budget > 0 && !e.Bare && l.held+l.weight(e.Payload) > l.budget {
		e.Payload = l.slim(e.Payload)
	}
}

// reweigh brings the sum up to date with an object whose line changed. A line is short where there is a limit.
func (l *limit[P]) reweigh(o *object[P]) {
	if l.budget == 0 {
		return
	}
	var sum int64
	if o.run != nil {
		sum += l.weight(o.run.payload)
	}
	for it := o.first; it != nil; it = it.next {
		sum += l.weight(it.payload)
	}
	l.held += sum - o.weight
	o.weight = sum
}
