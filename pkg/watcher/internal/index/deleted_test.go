package index

import (
	"fmt"
	"testing"
	"time"
)

// The memory of deleted objects is given back.
func TestForgottenDeletionsTakeNoMemory(t *testing.T) {
	x, now := NewIndex(0), time.Now()
	for i := range MaxDeleted + 1 {
		if forgot := x.Bury(fmt.Sprint(i), "5", false); forgot != (i == MaxDeleted) {
			t.Fatalf("the deletion %d made room: %v", i, forgot)
		}
	}
	for range 3 {
		now = now.Add(ForgetEvery)
		x.Resumed(now)
	}
	if x.tombs.of != nil || x.tombs.order != nil {
		t.Error("deleted objects are remembered for ever")
	}
}
