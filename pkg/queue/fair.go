package queue

import "slices"

// tier is a rank in a fair order: all of a lower one go first.
type tier uint8

const (
	tierLive    tier = iota // live events, requeues
	tierBacklog             // the initial list
	tiers
)

// fair is an order of waiting things: live ones before the backlog; within each
// the namespaces take turns; within a namespace, first come first served.
type fair[T any] struct {
	rings [tiers]ring[T]
	n     int
}

// ring holds the namespaces of one tier in the order of their turns.
type ring[T any] struct {
	turns  list[*turn[T]]
	byName table[string, *turn[T]]
	spare  *turn[T] // the last that was empty: often one comes and goes
}

// turn is what waits of one namespace.
type turn[T any] struct {
	namespace string
	waiting   list[T]
	link      link[*turn[T]]
}

// seat is the place of one thing in at most one fair order.
type seat[T any] struct {
	link link[T]
	turn *turn[T]
	tier tier
}

func (f *fair[T]) len() int { return f.n }

// best is the tier of what pop gives next.
func (f *fair[T]) best() tier {
	if f.rings[tierLive].turns.n > 0 {
		return tierLive
	}
	return tierBacklog
}

// push puts s at the end of the namespace's line in the tier t, out of the
// place that it had.
func (f *fair[T]) push(s *seat[T], namespace string, t tier) {
	f.remove(s)
	r := &f.rings[t]
	u, ok := r.byName.get(namespace)
	if !ok {
		u = r.begin(namespace)
	}
	s.tier, s.turn = t, u
	u.waiting.push(&s.link)
	f.n++
}

// begin makes a line for a namespace, at the end of the ring.
func (r *ring[T]) begin(namespace string) *turn[T] {
	u := r.spare
	if u == nil {
		u = &turn[T]{}
		u.link.of = u
	}
	r.spare = nil
	u.namespace = namespace
	r.byName.set(namespace, u)
	r.turns.push(&u.link)
	return u
}

// end takes out the line of a namespace, which is empty.
func (r *ring[T]) end(u *turn[T]) {
	u.link.remove()
	r.byName.delete(u.namespace)
	u.namespace = ""
	r.spare = u
}

// pop takes out what is next, but for some namespaces. The namespace goes to the end of the ring.
func (f *fair[T]) pop(except ...string) (T, bool) {
	for t := range f.rings {
		r := &f.rings[t]
		for k := r.turns.first; k != nil; k = k.next {
			if u := k.of; len(except) == 0 || !slices.Contains(except, u.namespace) {
				return f.take(r, u), true
			}
		}
	}
	var none T
	return none, false
}

// take takes out the first of a namespace.
func (f *fair[T]) take(r *ring[T], u *turn[T]) T {
	k := u.waiting.first
	k.remove()
	f.n--
	if u.waiting.n > 0 {
		u.link.remove()
		r.turns.push(&u.link)
	} else {
		r.end(u)
	}
	return k.of
}

// waiting counts the queued calls of a namespace.
func (f *fair[T]) waiting(namespace string) (n int) {
	for t := range f.rings {
		if u, ok := f.rings[t].byName.get(namespace); ok {
			n += u.waiting.n
		}
	}
	return n
}

// heads yields the first of each namespace in each tier.
func (f *fair[T]) heads(yield func(T) bool) {
	for t := range f.rings {
		for k := f.rings[t].turns.first; k != nil; k = k.next {
			if !yield(k.of.waiting.first.of) {
				return
			}
		}
	}
}

// remove takes s out, if it is in.
func (f *fair[T]) remove(s *seat[T]) {
	if s.link.in == nil {
		return
	}
	s.link.remove()
	f.n--
	if u := s.turn; u.waiting.n == 0 {
		f.rings[s.tier].end(u)
	}
}

func (s *seat[T]) seated() bool { return s.link.in != nil }
