package logs

import (
	"context"
	"log/slog"
	"testing"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/go-logr/zapr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"k8s.io/klog/v2"

	"github.com/ancho-dev/ancho/pkg/queue"
)

// However a logger is made from another one, and whoever asks: nothing is written where client-go writes bodies, and all below.
func TestBodilessLogger(t *testing.T) {
	core, logged := observer.New(zapcore.Level(-127))
	written := 0
	plain := funcr.New(func(string, string) { written++ }, funcr.Options{Verbosity: 127})
	for name, base := range map[string]logr.Logger{
		"for slog": zapr.NewLogger(zap.New(core)), "plain": plain, "bare": plain.WithSink(bareSink{plain.GetSink()}),
	} {
		for way, made := range map[string]func(logr.Logger) logr.Logger{
			"itself": func(l logr.Logger) logr.Logger { return l },
			"twice":  WithoutBodies,
			"values": func(l logr.Logger) logr.Logger { return l.WithValues("k", "v") },
			"name":   func(l logr.Logger) logr.Logger { return l.WithName("n").WithValues("k", "v") },
			"depth":  func(l logr.Logger) logr.Logger { return l.WithCallDepth(1) },
			"call":   func(l logr.Logger) logr.Logger { return ForCall(l, queue.Key{Name: "n"}, queue.Added) },
			"klog": func(l logr.Logger) logr.Logger {
				return klog.FromContext(logr.NewContext(t.Context(), ForCall(l, queue.Key{Name: "n"}, queue.Added).WithValues("k", "v")))
			},
			"slog": func(l logr.Logger) logr.Logger {
				return logr.FromSlogHandler(slog.New(logr.ToSlogHandler(l)).With("k", "v").WithGroup("g").Handler())
			},
		} {
			log := made(WithoutBodies(base))
			before := written + logged.Len()
			log.V(7).Info("a line")
			slog.New(logr.ToSlogHandler(log)).Log(context.Background(), -7, "a line")
			if n := written + logged.Len() - before; n != 2 {
				t.Errorf("%s, %s: %d lines of V(7), want 2", name, way, n)
			}
			log.V(8).Info("a body")
			log.V(1).V(7).Info("a body")
			slog.New(logr.ToSlogHandler(log)).Log(context.Background(), -8, "a body")
			if n := written + logged.Len() - before; n != 2 {
				t.Errorf("%s, %s: %d bodies", name, way, n-2)
			}
		}
	}
	if !WithoutBodies(logr.Discard()).IsZero() {
		t.Error("a logger that discards is none any more")
	}
}
