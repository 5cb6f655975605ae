package queue

import (
	"runtime"
	"time"
)

// lingerFor is how long a goroutine that has nothing to call waits for more. Its stack has grown to what decoding
// and the handler need; that of a new goroutine would have to grow anew, which for a short call is a good part of
// what it costs.
const lingerFor = time.Second

// idleWorkers are the goroutines that wait for more to do. The engine's mu guards it.
type idleWorkers struct {
	most  int
	spare int           // that nobody has recalled
	wake  chan struct{} // has room for a token for each
}

func (l *idleWorkers) init(concurrency int) {
	l.most = min(concurrency, runtime.GOMAXPROCS(0))
	l.wake = make(chan struct{}, l.most)
}

// recall has one of them go on, if there is one. mu is held.
func (l *idleWorkers) recall() bool {
	if l.spare == 0 {
		return false
	}
	l.spare--
	l.wake <- struct{}{}
	return true
}

// stay waits until there is more to do. It returns false when the goroutine, which is off the count of workers, is
// to end: there was nothing for a while, the engine is closed, or others wait already.
func (e *engine) stay() bool {
	e.mu.Lock()
	if e.closed || e.idleWorkers.spare+len(e.idleWorkers.wake) >= e.idleWorkers.most {
		e.mu.Unlock()
		return false
	}
	e.idleWorkers.spare++
	e.mu.Unlock()
	enough := time.NewTimer(lingerFor)
	defer enough.Stop()
	select {
	case <-e.idleWorkers.wake:
		return true
	case <-enough.C:
	case <-e.done:
	}
	e.mu.Lock()
	leaves := e.idleWorkers.spare > 0
	if leaves {
		e.idleWorkers.spare--
	}
	e.mu.Unlock()
	if !leaves { // all that wait were recalled
		<-e.idleWorkers.wake
	}
	return !leaves
}
