package runtime

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestFence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFence(15*time.Second, 10*time.Second)
		if f.open() || f.held() {
			t.Error("open before the lease was taken")
		}
		sent := time.Now()
		time.Sleep(3 * time.Second) // until the answer
		if !f.renewed(sent) || f.renewed(sent) {
			t.Error("the first is not the first")
		}
		<-f.taken
		if got := f.patience(); got != 7*time.Second {
			t.Errorf("renewals may fail for %s more", got)
		}
		time.Sleep(12*time.Second - 1)
		if !f.open() {
			t.Error("shut while the lease is held")
		}
		time.Sleep(time.Nanosecond)
		if f.open() || !f.held() || f.left() != 0 {
			t.Errorf("open when others may have the lease, in %s", f.left())
		}
		f.renewed(time.Now()) // nobody else took it
		if !f.open() {
			t.Error("shut after a renewal")
		}
		if !f.shut(ErrLeaseLost, false) || f.shut(errReleased, true) || !errors.Is(context.Cause(f.lost), ErrLeaseLost) {
			t.Errorf("lost because of %v", context.Cause(f.lost))
		}
		if f.moment() != lastChance || f.overdue() != 15*time.Second*3/4 {
			t.Errorf("%s for callbacks, %s for the process", f.moment(), f.overdue())
		}
		f.renewed(time.Now())
		if f.open() || f.held() {
			t.Error("what is lost came back")
		}
		<-f.ended()
	})
}

// A renewal within the same second as the one before is none to client-go's electors, and prolongs nothing.
func TestFenceCountsSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFence(6*time.Second, 5*time.Second)
		f.renewed(time.Now()) // a bubble begins with a second
		time.Sleep(time.Second - 1)
		f.renewed(time.Now())
		if left := f.left(); left != 5*time.Second+1 {
			t.Errorf("%s left after a renewal that others do not see", left)
		}
		time.Sleep(time.Nanosecond)
		f.renewed(time.Now())
		if left := f.left(); left != 6*time.Second {
			t.Errorf("%s left after one that they see", left)
		}
	})
}

func TestFenceOfALeaseThatOthersHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFence(15*time.Second, 10*time.Second)
		f.renewed(time.Now())
		f.shut(ErrLeaseLost, true)
		if f.left() != 0 || f.moment() != leastMoment || f.overdue() != 2*leastMoment {
			t.Errorf("left %s, %s for callbacks, %s for the process", f.left(), f.moment(), f.overdue())
		}
	})
	if f := (*fence)(nil); !f.open() || f.ended() != nil {
		t.Error("without leader election there is no fence")
	}
}
