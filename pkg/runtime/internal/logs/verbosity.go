package logs

import (
	"context"
	"log/slog"

	"github.com/go-logr/logr"
)

// bodies is the V level from which on client-go logs what it sends and gets, in full: with the logger of a call's context it
// would write Secrets down.
const bodies = 8

// WithoutBodies is a logger that writes nothing from that level on, with whatever is made from it.
func WithoutBodies(log logr.Logger) logr.Logger {
	switch sink := log.GetSink().(type) {
	case nil, bodilessSink, slogBodilessSink:
		return log
	default:
		return log.WithSink(sinkWithoutBodies(sink))
	}
}

func sinkWithoutBodies(sink logr.LogSink) logr.LogSink {
	if _, ok := sink.(logr.SlogSink); ok {
		return slogBodilessSink{bodilessSink{sink}}
	}
	return bodilessSink{sink}
}

// bodilessSink is a sink below that level.
type bodilessSink struct{ logr.LogSink }

// Enabled says whether lines of a level are written.
func (s bodilessSink) Enabled(level int) bool { return level < bodies && s.LogSink.Enabled(level) }

// WithValues returns a sink with more values.
func (s bodilessSink) WithValues(values ...any) logr.LogSink {
	return sinkWithoutBodies(s.LogSink.WithValues(values...))
}

// WithName returns a sink with a name.
func (s bodilessSink) WithName(name string) logr.LogSink {
	return sinkWithoutBodies(s.LogSink.WithName(name))
}

// WithCallDepth returns a sink for use by a helper so many calls away.
func (s bodilessSink) WithCallDepth(depth int) logr.LogSink {
	if d, ok := s.LogSink.(logr.CallDepthLogSink); ok {
		return sinkWithoutBodies(d.WithCallDepth(depth))
	}
	return s
}

// slogBodilessSink is one over a sink that takes the records of log/slog as they are. Whoever hands one over asks Enabled first.
type slogBodilessSink struct{ bodilessSink }

// Handle writes a record.
func (s slogBodilessSink) Handle(ctx context.Context, r slog.Record) error {
	if below, ok := s.LogSink.(logr.SlogSink); ok {
		return below.Handle(ctx, r)
	}
	return nil
}

// WithAttrs returns a sink with more values.
func (s slogBodilessSink) WithAttrs(attrs []slog.Attr) logr.SlogSink {
	if below, ok := s.LogSink.(logr.SlogSink); ok {
		return slogBodilessSink{bodilessSink{below.WithAttrs(attrs)}}
	}
	return s
}

// WithGroup returns a sink whose further values are in a group.
func (s slogBodilessSink) WithGroup(name string) logr.SlogSink {
	if below, ok := s.LogSink.(logr.SlogSink); ok {
		return slogBodilessSink{bodilessSink{below.WithGroup(name)}}
	}
	return s
}
