package queue

// list is a doubly linked list whose links are part of what is listed, so that
// taking something out needs neither a search nor an allocation.
type list[T any] struct {
	first, last *link[T]
	n           int
}

// link is a place in at most one list.
type link[T any] struct {
	of         T
	in         *list[T]
	prev, next *link[T]
}

func (l *list[T]) push(k *link[T]) {
	k.in, k.prev, k.next = l, l.last, nil
	if l.last == nil {
		l.first = k
	} else {
		l.last.next = k
	}
	l.last = k
	l.n++
}

func (l *list[T]) pushFront(k *link[T]) {
	k.in, k.prev, k.next = l, nil, l.first
	if l.first == nil {
		l.last = k
	} else {
		l.first.prev = k
	}
	l.first = k
	l.n++
}

// remove takes k out of the list that it is in, if it is in one.
func (k *link[T]) remove() {
	l := k.in
	if l == nil {
		return
	}
	if k.prev == nil {
		l.first = k.next
	} else {
		k.prev.next = k.next
	}
	if k.next == nil {
		l.last = k.prev
	} else {
		k.next.prev = k.prev
	}
	k.in, k.prev, k.next = nil, nil, nil
	l.n--
}
