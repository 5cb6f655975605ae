package queue

// observations collects under the lock what the observer is told after it.
type observations struct {
	received, merged bool
	parked           int
	gone, replaced   int
}

func (n *observations) tell(o Observer) {
	if n.received {
		o.Received()
	}
	if n.merged {
		o.Merged()
	}
	if n.parked != 0 {
		o.Parked(n.parked)
	}
	if n.gone != 0 {
		o.Dropped(DropGone, n.gone)
	}
	if n.replaced != 0 {
		o.Dropped(DropReplaced, n.replaced)
	}
}
