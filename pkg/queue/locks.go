package queue

import (
	"slices"
	"sync"

	"github.com/ancho-dev/ancho/internal/container"
)

// Locks keeps calls of several queues for one object from overlapping. The zero
// value is ready; it is safe for concurrent use and must not be copied.
type Locks struct {
	mu   sync.Mutex
	held container.Table[lockID, lock]
}

// lockID is what is locked: an object of a resource.
type lockID struct {
	scope string
	key   Key
}

// lock is one that is held, with the queues that found it so.
type lock struct {
	waiters []waiter
}

// waiter is told, without a lock held, when a lock is free that it could not
// have. It is told once and has to try again.
type waiter interface {
	unlocked(Key)
}

// NewLocks returns locks, all free.
func NewLocks() *Locks { return &Locks{} }

// try takes the lock. If it is held, w will be told when it is free. A nil Locks
// gives every lock to everybody.
func (l *Locks) try(id lockID, w waiter) bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	k, busy := l.held.Get(id)
	if !busy {
		l.held.Set(id, lock{})
		return true
	}
	if !slices.Contains(k.waiters, w) {
		k.waiters = append(k.waiters, w)
		l.held.Set(id, k)
	}
	return false
}

// unlock gives the lock back and tells all who wait: one that no longer needs it
// may be among them, so to tell the first alone could be to tell nobody. The
// caller holds no lock of a queue: waiters take theirs.
func (l *Locks) unlock(id lockID) {
	if l == nil {
		return
	}
	l.mu.Lock()
	k, held := l.held.Get(id)
	l.held.Delete(id)
	l.mu.Unlock()
	if !held {
		return
	}
	for _, w := range k.waiters {
		w.unlocked(id.key)
	}
}
