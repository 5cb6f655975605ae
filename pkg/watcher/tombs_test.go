package watcher

import (
	"fmt"
	"testing"
	"time"
)

// The memory of deleted objects is given back.
func TestForgottenDeletionsTakeNoMemory(t *testing.T) {
	x, now := NewIndex(0), time.Now()
	for i := range maxTombs + 1 {
		if forgot := x.bury(fmt.Sprint(i), "5", false); forgot != (i == maxTombs) {
			t.Fatalf("the deletion %d made room: %v", i, forgot)
		}
	}
	for range 3 {
		now = now.Add(tombTurn)
		x.resumed(now)
	}
	if x.tombs.of != nil || x.tombs.order != nil {
		t.Error("deleted objects are remembered for ever")
	}
}
