package binding

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// betweenTimeout bounds for how long a call waits for its stream to look at what it knows. A stream does so between two
// events, and takes longer only while a list of another route is read on its goroutine.
const betweenTimeout = 5 * time.Second

// servedTarget is the stream that serves one of a binding's targets now.
type servedTarget struct {
	part
	target watcher.Target
	stream atomic.Pointer[watcher.Stream]
}

// servedBy makes the places of a binding's streams.
func servedBy(b *Binding, targets []watcher.Target) (out []*servedTarget) {
	for _, t := range targets {
		out = append(out, &servedTarget{part: partOf(b.Compiled, t), target: t})
	}
	return out
}

// streamOf finds the stream that delivers an object, nil where there is none.
func (b *Binding) streamOf(k queue.Key) *servedTarget {
	for _, s := range b.served {
		if s.has(&watcher.Meta{Namespace: k.Namespace, Name: k.Name}) {
			return s
		}
	}
	return nil
}

// between runs f between two events of the stream. Where there is no stream it fails.
func (s *servedTarget) between(ctx context.Context, f func(*watcher.Index)) error {
	if s == nil {
		return watcher.ErrStopped
	}
	by := s.stream.Load()
	if by == nil {
		return watcher.ErrStopped
	}
	ctx, cancel := context.WithTimeout(ctx, betweenTimeout)
	defer cancel()
	return by.DoContext(ctx, func() { f(by.Index()) })
}

// position is the resourceVersion up to which the stream has delivered everything, "" where that is not known.
func (s *servedTarget) position() string {
	if s == nil {
		return ""
	}
	by := s.stream.Load()
	if by == nil {
		return ""
	}
	return by.State().RV
}
