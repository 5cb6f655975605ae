package runtime

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
)

// The work may end before what cancels callbacks for a lost lease has been run: the cause is the same.
func TestDrainTellsThatTheLeaseIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := replicas.NewFence(15*time.Second, 10*time.Second)
		work, cancel := context.WithCancelCause(t.Context())
		c := &calls{r: &Runtime{log: logr.Discard()}, fence: f, cancel: cancel, done: make(chan struct{}), stop: func() bool { return true }}
		f.Renewed(time.Now())
		f.Shut(replicas.ErrLeaseLost, false)
		if c.drain(time.Hour) {
			t.Error("all callbacks have returned")
		}
		if err := context.Cause(work); !errors.Is(err, replicas.ErrLeaseLost) {
			t.Errorf("callbacks were cancelled by %v", err)
		}
	})
}

func TestDrainTellsThatTheGracePeriodIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work, cancel := context.WithCancelCause(t.Context())
		c := &calls{r: &Runtime{log: logr.Discard()}, cancel: cancel, done: make(chan struct{}), stop: func() bool { return true }}
		begin := time.Now()
		if c.drain(time.Hour) {
			t.Error("all callbacks have returned")
		}
		if took := time.Since(begin); took != lastChance { // no call runs, so that nothing is to be waited for
			t.Errorf("took %s", took)
		}
		if err := context.Cause(work); !errors.Is(err, errStopping) {
			t.Errorf("callbacks were cancelled by %v", err)
		}
	})
}
