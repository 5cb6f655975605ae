package container

// List is a doubly linked list whose links are part of what is listed, so that
// taking something out needs neither a search nor an allocation.
type List[T any] struct {
	First, Last *Link[T]
	N           int
}

// Link is a place in at most one list.
type Link[T any] struct {
	Of         T
	In         *List[T]
	Prev, Next *Link[T]
}

// Push puts a link at the end.
func (l *List[T]) Push(k *Link[T]) {
	k.In, k.Prev, k.Next = l, l.Last, nil
	if l.Last == nil {
		l.First = k
	} else {
		l.Last.Next = k
	}
	l.Last = k
	l.N++
}

// PushFront puts a link at the beginning.
func (l *List[T]) PushFront(k *Link[T]) {
	k.In, k.Prev, k.Next = l, nil, l.First
	if l.First == nil {
		l.Last = k
	} else {
		l.First.Prev = k
	}
	l.First = k
	l.N++
}

// Remove takes k out of the list that it is in, if it is in one.
func (k *Link[T]) Remove() {
	l := k.In
	if l == nil {
		return
	}
	if k.Prev == nil {
		l.First = k.Next
	} else {
		k.Prev.Next = k.Next
	}
	if k.Next == nil {
		l.Last = k.Prev
	} else {
		k.Next.Prev = k.Prev
	}
	k.In, k.Prev, k.Next = nil, nil, nil
	l.N--
}
