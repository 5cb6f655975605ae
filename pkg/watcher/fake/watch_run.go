package fake

import (
	"time"

	"k8s.io/apimachinery/pkg/watch"
)

// run tells everything from the beginning on.
func (st *stream) run() error {
	if err := st.snapshot(); err != nil {
		return err
	}
	end := time.NewTimer(time.Until(st.end))
	defer end.Stop()
	mark := time.NewTimer(st.untilBookmark())
	defer mark.Stop()
	for {
		changed, gone := st.look()
		for _, ch := range st.backlog {
			if err := st.tell(ch); err != nil {
				return err
			}
		}
		st.backlog = nil
		if err := st.out.flush(); err != nil || gone {
			return err
		}
		select {
		case <-changed:
		case <-st.request.Context().Done():
			return nil
		case refused := <-st.out.refusals():
			return st.out.refusal(refused)
		case <-end.C:
			return nil
		case <-mark.C:
			if err := st.bookmark(false); err != nil {
				return err
			}
			mark.Reset(st.untilBookmark())
		}
	}
}

// snapshot tells the objects there are, by their keys, and that they were all.
func (st *stream) snapshot() error {
	for _, o := range st.initial {
		if !st.matches(o) {
			continue
		}
		if err := st.out.event(watch.Added, o.Object); err != nil {
			return err
		}
	}
	if st.initial = nil; st.begins {
		return st.bookmark(true)
	}
	return nil
}

// look takes the changes that were made since, and says how to learn of the next, and whether the resource has gone.
func (st *stream) look() (changed <-chan struct{}, gone bool) {
	st.store.mu.Lock()
	defer st.store.mu.Unlock()
	for st.at.next != nil {
		st.at = st.at.next
		st.backlog = append(st.backlog, st.at)
	}
	st.rv = st.store.rv
	return st.store.changed, st.request.collection.gone
}

// tell sends what a change means to a client that knows only what it selects (rule 46).
func (st *stream) tell(ch *change) error {
	if ch.rv <= st.floor {
		return nil
	}
	was, is := st.matches(ch.was), st.matches(ch.is)
	switch {
	case is && was:
		return st.out.event(watch.Modified, ch.is.Object)
	case is:
		return st.out.event(watch.Added, ch.is.Object)
	case was:
		return st.out.event(watch.Deleted, ch.was.at(ch.rv).Object)
	}
	return nil
}
