package queue

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
}

// turn is what waits of one namespace.
type turn[T any] struct {
	namespace string
	waiting   list[T]
	link      link[*turn[T]]
}

// seat is the place of one thing in at most one fair order.
type seat[T any] struct {
	link      link[T]
	namespace string
	tier      tier
	turn      *turn[T]
}

func (f *fair[T]) len() int { return f.n }

// best is the tier of what pop gives next.
func (f *fair[T]) best() tier {
	if f.rings[tierLive].turns.n > 0 {
		return tierLive
	}
	return tierBacklog
}

// push puts s at the end of its namespace's line in the tier t, out of the
// place that it had.
func (f *fair[T]) push(s *seat[T], t tier) {
	f.remove(s)
	r := &f.rings[t]
	u, ok := r.byName.get(s.namespace)
	if !ok {
		u = &turn[T]{namespace: s.namespace}
		u.link.of = u
		r.byName.set(s.namespace, u)
		r.turns.push(&u.link)
	}
	s.tier, s.turn = t, u
	u.waiting.push(&s.link)
	f.n++
}

// pop takes out what is next. The namespace goes to the end of the ring.
func (f *fair[T]) pop() (T, bool) {
	r := &f.rings[f.best()]
	if r.turns.first == nil {
		var none T
		return none, false
	}
	u := r.turns.first.of
	k := u.waiting.first
	k.remove()
	f.n--
	u.link.remove()
	if u.waiting.n > 0 {
		r.turns.push(&u.link)
	} else {
		r.byName.delete(u.namespace)
	}
	return k.of, true
}

// remove takes s out, if it is in.
func (f *fair[T]) remove(s *seat[T]) {
	if s.link.in == nil {
		return
	}
	s.link.remove()
	f.n--
	if u := s.turn; u.waiting.n == 0 {
		u.link.remove()
		f.rings[s.tier].byName.delete(u.namespace)
	}
}

func (s *seat[T]) seated() bool { return s.link.in != nil }
