package watcher

import "context"

// machine is the state machine of a stream; all of it belongs to the goroutine that runs Run.
type machine struct {
	*Stream
	index *Index
}

func (m *machine) init(s *Stream) { m.Stream, m.index = s, newIndex(s.o.Seed) }

func (m *machine) run(ctx context.Context) { <-ctx.Done() }
