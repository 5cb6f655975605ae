package machine

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// turn is the right to use a machine. The goroutine of Stream.Run has it, and lends it while it waits for frames: the
// goroutine that reads them then does the machine's work on frames itself. That spares waking a goroutine for each
// read, which is what costs most where a server sends little at a time.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// take waits until nobody has the turn. It is no mutex, so that virtual time goes on meanwhile.
func (t turn) take() { t <- struct{}{} }

func (t turn) tryTake() bool {
	select {
	case t <- struct{}{}:
		return true
	default:
		return false
	}
}

func (t turn) giveBack() { <-t }

// HandlerPanicError is what Stream.Run panics with if its Handler did on the goroutine that reads.
type HandlerPanicError struct {
	Value any    // what the Handler panicked with
	Stack []byte // of the goroutine that reads
}

// Error names only the type of the value: the value may hold a part of an object.
func (p *HandlerPanicError) Error() string {
	return fmt.Sprintf("the handler panicked with a %T", p.Value)
}

// lend lets the goroutine of c use the machine until reclaim.
func (m *machine) lend(c *conn) {
	if c.lends {
		c.lent = true
		m.turn.giveBack()
	}
}

// reclaim ends what lend began, when the other goroutine is done with what it has in hand.
func (m *machine) reclaim(c *conn) {
	if !c.lends {
		return
	}
	m.turn.take()
	c.lent = false
	if c.panicked != nil {
		panic(c.panicked)
	}
}

// serve takes the first of these items as the machine's goroutine would, as far as it may, and returns how many those
// are. It is called by the goroutine of c, at any time.
func (m *machine) serve(c *conn, items []item) (n int) {
	if !m.turn.tryTake() {
		return 0
	}
	defer m.turn.giveBack()
	if !c.lent || c.panicked != nil || !c.box.empty() { // what was handed over comes first
		return 0
	}
	defer func() {
		if v := recover(); v != nil {
			c.panicked = &HandlerPanicError{Value: v, Stack: debug.Stack()}
			leave(c.box.ready)
		}
	}()
	c.came = time.Now()
	for n < len(items) && m.servable(c, items[n]) {
		it := items[n]
		n++ // not to be handed over, even if this panics
		m.take(c.ask, c, it)
		it.frame.Release()
	}
	c.last = time.Now()
	m.publish()
	return n
}

// servable says whether the next thing to do is to take this item, and nothing more comes of it.
func (m *machine) servable(c *conn, it item) bool {
	switch {
	case it.end != nil, it.open, m.cmds.pending():
		return false
	case c.ask == askSnapshot && it.frame != nil && it.frame.Type == wire.Bookmark: // it may be the end
		return false
	}
	room, _ := m.o.Hold()
	return room == nil
}
