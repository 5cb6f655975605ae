package main

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// The gates. Heap and goroutines are those of the subject at quiet moments, after collecting garbage, and are compared
// with the first of them, which comes after one round of faults: by then every pool is in use. They are no rate: what grows by
// a little an hour is found by a run that is long enough.
const (
	moreGoroutines = 20      // above the first
	heapRatio      = 1.25    // times the first, and
	moreHeap       = 1 << 20 // so many bytes more: what the allocator does by itself
	mostMisses     = 0
	mostDuplicates = 0
)

// checkpoint is what was measured at a quiet moment.
type checkpoint struct {
	at         time.Duration
	goroutines int
	heap       int64    // bytes
	misses     []string // what was never handled
	duplicates int      // since the beginning
}

// judge says which gates did not hold; nil if all did.
func judge(points []checkpoint) error {
	if len(points) == 0 {
		return errors.New("nothing was measured: no round came to its end")
	}
	var errs []error
	first, last := points[0], points[len(points)-1]
	for _, p := range points {
		if n := p.goroutines; n > first.goroutines+moreGoroutines {
			errs = append(errs, fmt.Errorf("at %s there are %d goroutines, and %d at first: at most %d more are allowed", p.at, n, first.goroutines, moreGoroutines))
		}
		if n := len(p.misses); n > mostMisses {
			errs = append(errs, fmt.Errorf("at %s %d states were not handled, the first is: %s", p.at, n, p.misses[0]))
		}
	}
	if most := int64(float64(first.heap)*heapRatio) + moreHeap; lately(points) > most {
		errs = append(errs, fmt.Errorf("the heap has grown from %d to %d bytes: at most %d are allowed", first.heap, lately(points), most))
	}
	if n := last.duplicates; n > mostDuplicates {
		errs = append(errs, fmt.Errorf("%d calls were for states that had been handled: at most %d are allowed", n, mostDuplicates))
	}
	return errors.Join(errs...)
}

// lately is the median of the heaps of the last three checkpoints, so that one that hit a busy moment decides nothing.
func lately(points []checkpoint) int64 {
	var heaps []int64
	for _, p := range points[max(0, len(points)-3):] {
		heaps = append(heaps, p.heap)
	}
	slices.Sort(heaps)
	return heaps[len(heaps)/2]
}
