package replicas

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// most is how long callbacks have at most to return after the lease is lost.
const most = 2 * time.Second

func TestFence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFence(15*time.Second, 10*time.Second)
		if f.Open() || f.Held() {
			t.Error("open before the lease was taken")
		}
		sent := time.Now()
		time.Sleep(3 * time.Second) // until the answer
		if !f.Renewed(sent) || f.Renewed(sent) {
			t.Error("the first is not the first")
		}
		<-f.Taken()
		if got := f.patience(); got != 7*time.Second {
			t.Errorf("renewals may fail for %s more", got)
		}
		time.Sleep(12*time.Second - 1)
		if !f.Open() {
			t.Error("shut while the lease is held")
		}
		time.Sleep(time.Nanosecond)
		if f.Open() || !f.Held() || f.left() != 0 {
			t.Errorf("open when others may have the lease, in %s", f.left())
		}
		f.Renewed(time.Now()) // nobody else took it
		if !f.Open() {
			t.Error("shut after a renewal")
		}
		if !f.Shut(ErrLeaseLost, false) || f.Shut(errReleased, true) || !errors.Is(context.Cause(f.Lost()), ErrLeaseLost) {
			t.Errorf("lost because of %v", context.Cause(f.Lost()))
		}
		if f.Moment(most) != most || f.Overdue() != 15*time.Second*3/4 {
			t.Errorf("%s for callbacks, %s for the process", f.Moment(most), f.Overdue())
		}
		f.Renewed(time.Now())
		if f.Open() || f.Held() {
			t.Error("what is lost came back")
		}
		<-f.Ended()
	})
}

// A renewal within the same second as the one before is none to client-go's electors, and prolongs nothing.
func TestFenceCountsSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFence(6*time.Second, 5*time.Second)
		f.Renewed(time.Now()) // a bubble begins with a second
		time.Sleep(time.Second - 1)
		f.Renewed(time.Now())
		if left := f.left(); left != 5*time.Second+1 {
			t.Errorf("%s left after a renewal that others do not see", left)
		}
		time.Sleep(time.Nanosecond)
		f.Renewed(time.Now())
		if left := f.left(); left != 6*time.Second {
			t.Errorf("%s left after one that they see", left)
		}
	})
}

func TestFenceOfALeaseThatOthersHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFence(15*time.Second, 10*time.Second)
		f.Renewed(time.Now())
		f.Shut(ErrLeaseLost, true)
		if f.left() != 0 || f.Moment(most) != leastMoment || f.Overdue() != 2*leastMoment {
			t.Errorf("left %s, %s for callbacks, %s for the process", f.left(), f.Moment(most), f.Overdue())
		}
	})
	if f := (*Fence)(nil); !f.Open() || f.Ended() != nil {
		t.Error("without leader election there is no fence")
	}
}
