package queue

// An Added whose call was dropped, or given up, was never said: the object is in the set, and the handler does not know
// of it. The next call for the object is Added then, whatever its own events say, since a call's type is the net change
// since the last call that did not fail. The rule is the same for a Queue, with and without InOrder, and for a Pool.

// unsaid is such an Added of an object that has no other work.
type unsaid struct {
	uid     string
	initial bool
}

// unsaidOf gives what a call leaves unsaid that ended without success and is not made again.
func (it *item[P]) unsaidOf() (u unsaid, ok bool) {
	return unsaid{uid: it.uid, initial: it.initial}, it.typ() == Added
}

// says makes an item say what an earlier call left unsaid. It says no more than its own where the object is out of the set.
func (it *item[P]) says(u unsaid) {
	it.unsaid, it.initial = true, u.initial
	it.adopt(u.uid, 0, it.place)
}

// owe keeps what a call of a Queue left unsaid, for the next of its object.
func (q *Queue[P]) owe(o *object[P], it *item[P]) {
	u, ok := it.unsaidOf()
	if !ok {
		return
	}
	switch next := o.follower(it); {
	case next != nil:
		next.says(u)
	case o.first == nil: // else another object has its name
		q.unsaid.Set(o.key, u)
	}
}

// say pays what is owed with a new item, or forgets it if another object has the name.
func (q *Queue[P]) say(k Key, it *item[P]) {
	if len(q.unsaid.M) == 0 {
		return
	}
	u, ok := q.unsaid.Get(k)
	if !ok {
		return
	}
	q.unsaid.Delete(k)
	if same(u.uid, it.uid) {
		it.says(u)
	}
}

// outs forgets what is owed of an object that left the set, or of one whose name another has now.
func (q *Queue[P]) outs(e *Event[P]) {
	if len(q.unsaid.M) == 0 {
		return
	}
	u, ok := q.unsaid.Get(e.Key)
	if ok && (e.Type.out() && same(u.uid, e.UID) || !same(u.uid, e.UID)) {
		q.unsaid.Delete(e.Key)
	}
}

// owe keeps what a call of a Pool left unsaid, for the next of its object.
func (p *Pool[P]) owe(e *entry[P]) {
	u, ok := e.unsaidOf()
	g := e.origin
	switch next := g.startable(); {
	case !ok || g.said: // by another call meanwhile
	case next != nil:
		next.says(u)
	case g.entries == 1:
		p.unsaid.Set(g.id, u)
	}
}

// say pays what is owed with a new call.
func (p *Pool[P]) say(e *entry[P]) {
	if len(p.unsaid.M) == 0 {
		return
	}
	if u, ok := p.unsaid.Get(e.origin.id); ok {
		p.unsaid.Delete(e.origin.id)
		e.says(u)
	}
}
