package logs

import (
	"context"
	"log/slog"
	"sync"

	"github.com/go-logr/logr"

	"github.com/ancho-dev/ancho/pkg/queue"
)

// ForCall is the logger of one call. It adds what the call is about when the first line is written: most calls
// write none, and adding values costs more than the rest of what is done for a call.
func ForCall(base logr.Logger, key queue.Key, event queue.EventType) logr.Logger {
	sink := base.GetSink()
	if sink == nil {
		return base
	}
	s := &callSink{base: sink, key: key, event: event}
	if _, ok := sink.(logr.SlogSink); ok {
		return base.WithSink(slogCallSink{s})
	}
	return base.WithSink(s)
}

// callSink is the sink of a call's logger. As any sink it may be used concurrently.
type callSink struct {
	base  logr.LogSink
	key   queue.Key
	event queue.EventType

	once   sync.Once
	full   logr.LogSink // with the values of the call
	direct logr.LogSink // the same, called by a method of callSink
}

// sink is the sink with the values of the call, for others to call.
func (s *callSink) sink() logr.LogSink {
	s.once.Do(func() {
		s.full = s.base.WithValues("object", s.key.String(), "event", string(s.event))
		s.direct = s.full
		if d, ok := s.full.(logr.CallDepthLogSink); ok {
			s.direct = d.WithCallDepth(1) // the line is the one that called Info or Error
		}
	})
	return s.full
}

// Init does nothing: the sink below was made ready before.
func (s *callSink) Init(logr.RuntimeInfo) {}

// Enabled says whether lines of a level are written.
func (s *callSink) Enabled(level int) bool { return s.base.Enabled(level) }

// Info writes a line.
func (s *callSink) Info(level int, msg string, values ...any) {
	s.sink()
	s.direct.Info(level, msg, values...)
}

// Error writes a line about an error.
func (s *callSink) Error(err error, msg string, values ...any) {
	s.sink()
	s.direct.Error(err, msg, values...)
}

// WithValues returns a sink with more values.
func (s *callSink) WithValues(values ...any) logr.LogSink { return s.sink().WithValues(values...) }

// WithName returns a sink with a name.
func (s *callSink) WithName(name string) logr.LogSink { return s.sink().WithName(name) }

// WithCallDepth returns a sink for use by a helper so many calls away.
func (s *callSink) WithCallDepth(depth int) logr.LogSink {
	if d, ok := s.sink().(logr.CallDepthLogSink); ok {
		return d.WithCallDepth(depth)
	}
	return s.sink()
}

// slogCallSink is one over a sink that takes the records of log/slog as they are.
type slogCallSink struct{ *callSink }

// Handle writes a record.
func (s slogCallSink) Handle(ctx context.Context, r slog.Record) error {
	if full, ok := s.sink().(logr.SlogSink); ok {
		return full.Handle(ctx, r)
	}
	return nil
}

// WithAttrs returns a sink with more values.
func (s slogCallSink) WithAttrs(attrs []slog.Attr) logr.SlogSink {
	if full, ok := s.sink().(logr.SlogSink); ok {
		return full.WithAttrs(attrs)
	}
	return s
}

// WithGroup returns a sink whose further values are in a group.
func (s slogCallSink) WithGroup(name string) logr.SlogSink {
	if full, ok := s.sink().(logr.SlogSink); ok {
		return full.WithGroup(name)
	}
	return s
}
