package container

import "slices"

// Tier is a rank in a fair order: all of a lower one go first.
type Tier uint8

// The tiers.
const (
	TierLive    Tier = iota // live events, requeues
	TierBacklog             // the initial list
	tiers
)

// Fair is an order of waiting things: live ones before the backlog; within each
// the namespaces take turns; within a namespace, first come first served.
type Fair[T any] struct {
	Rings [tiers]ring[T]
	n     int
}

// ring holds the namespaces of one tier in the order of their turns.
type ring[T any] struct {
	Turns  List[*turn[T]]
	ByName Table[string, *turn[T]]
	spare  *turn[T] // the last that was empty: often one comes and goes
}

// turn is what waits of one namespace.
type turn[T any] struct {
	namespace string
	waiting   List[T]
	link      Link[*turn[T]]
}

// Seat is the place of one thing in at most one fair order.
type Seat[T any] struct {
	Link Link[T]
	turn *turn[T]
	Tier Tier
}

// Len counts the things in the order.
func (f *Fair[T]) Len() int { return f.n }

// Best is the tier of what pop gives next.
func (f *Fair[T]) Best() Tier {
	if f.Rings[TierLive].Turns.N > 0 {
		return TierLive
	}
	return TierBacklog
}

// Push puts s at the end of the namespace's line in the tier t, out of the
// place that it had.
func (f *Fair[T]) Push(s *Seat[T], namespace string, t Tier) {
	f.Remove(s)
	r := &f.Rings[t]
	u, ok := r.ByName.Get(namespace)
	if !ok {
		u = r.begin(namespace)
	}
	s.Tier, s.turn = t, u
	u.waiting.Push(&s.Link)
	f.n++
}

// begin makes a line for a namespace, at the end of the ring.
func (r *ring[T]) begin(namespace string) *turn[T] {
	u := r.spare
	if u == nil {
		u = &turn[T]{}
		u.link.Of = u
	}
	r.spare = nil
	u.namespace = namespace
	r.ByName.Set(namespace, u)
	r.Turns.Push(&u.link)
	return u
}

// end takes out the line of a namespace, which is empty.
func (r *ring[T]) end(u *turn[T]) {
	u.link.Remove()
	r.ByName.Delete(u.namespace)
	u.namespace = ""
	r.spare = u
}

// Pop takes out what is next, but for some namespaces. The namespace goes to the end of the ring.
func (f *Fair[T]) Pop(except ...string) (T, bool) {
	for t := range f.Rings {
		r := &f.Rings[t]
		for k := r.Turns.First; k != nil; k = k.Next {
			if u := k.Of; len(except) == 0 || !slices.Contains(except, u.namespace) {
				return f.take(r, u), true
			}
		}
	}
	var none T
	return none, false
}

// take takes out the first of a namespace.
func (f *Fair[T]) take(r *ring[T], u *turn[T]) T {
	k := u.waiting.First
	k.Remove()
	f.n--
	if u.waiting.N > 0 {
		u.link.Remove()
		r.Turns.Push(&u.link)
	} else {
		r.end(u)
	}
	return k.Of
}

// Waiting counts the queued calls of a namespace.
func (f *Fair[T]) Waiting(namespace string) (n int) {
	for t := range f.Rings {
		if u, ok := f.Rings[t].ByName.Get(namespace); ok {
			n += u.waiting.N
		}
	}
	return n
}

// Heads yields the first of each namespace in each tier.
func (f *Fair[T]) Heads(yield func(T) bool) {
	for t := range f.Rings {
		for k := f.Rings[t].Turns.First; k != nil; k = k.Next {
			if !yield(k.Of.waiting.First.Of) {
				return
			}
		}
	}
}

// Remove takes s out, if it is in.
func (f *Fair[T]) Remove(s *Seat[T]) {
	if s.Link.In == nil {
		return
	}
	s.Link.Remove()
	f.n--
	if u := s.turn; u.waiting.N == 0 {
		f.Rings[s.Tier].end(u)
	}
}

// Seated reports whether the seat is in an order.
func (s *Seat[T]) Seated() bool { return s.Link.In != nil }
