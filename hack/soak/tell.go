package main

import (
	"context"
	"fmt"
	"time"
)

// tell writes how things are, a line every ten seconds, until ctx ends. Misses are those of the quiet moments.
func (s *session) tell(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		sum := s.ledger.counts()
		misses := 0
		for _, p := range s.measured() {
			misses += len(p.misses)
		}
		memory := "the subject does not answer"
		if heap, goroutines, err := s.subject.measure(ctx, 1); err == nil {
			memory = fmt.Sprintf("%d goroutines, %s heap", goroutines, megabytes(heap))
		}
		fmt.Fprintf(s.out, "%8s  %d objects, %d events, %d misses, %d duplicates, %s, %d restarts, %d cuts\n",
			time.Since(s.since).Round(time.Second), sum.objects, sum.events, misses, sum.duplicates, memory, s.breaker.restarts.Load(), s.line.Cuts())
	}
}
