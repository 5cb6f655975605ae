package logs

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
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

// However the logger of a call is used, each line says which call it is of, and the line of code that wrote it.
func TestCallLogger(t *testing.T) {
	errSome := errors.New("some")
	lines := map[string]func(context.Context){
		"info":    func(ctx context.Context) { logr.FromContextOrDiscard(ctx).Info("said", "k", "v") },
		"error":   func(ctx context.Context) { logr.FromContextOrDiscard(ctx).Error(errSome, "said", "k", "v") },
		"verbose": func(ctx context.Context) { logr.FromContextOrDiscard(ctx).V(1).Info("said", "k", "v") },
		"values":  func(ctx context.Context) { logr.FromContextOrDiscard(ctx).WithValues("k", "v").Info("said") },
		"name":    func(ctx context.Context) { logr.FromContextOrDiscard(ctx).WithName("n").Info("said", "k", "v") },
		"depth": func(ctx context.Context) {
			func() { logr.FromContextOrDiscard(ctx).WithCallDepth(1).Info("said", "k", "v") }()
		},
		"klog":        func(ctx context.Context) { klog.FromContext(ctx).Info("said", "k", "v") },
		"slog":        func(ctx context.Context) { logr.FromContextAsSlogLogger(ctx).InfoContext(ctx, "said", "k", "v") },
		"slog values": func(ctx context.Context) { logr.FromContextAsSlogLogger(ctx).With("k", "v").InfoContext(ctx, "said") },
		"slog group": func(ctx context.Context) {
			logr.FromContextAsSlogLogger(ctx).WithGroup("g").InfoContext(ctx, "said", "k", "v")
		},
		"twice": func(ctx context.Context) {
			log := logr.FromContextOrDiscard(ctx)
			log.Info("said", "k", "v")
			log.Info("said", "k", "v")
		},
	}
	for name, write := range lines {
		t.Run(name, func(t *testing.T) {
			core, logged := observer.New(zapcore.DebugLevel)
			log := WithoutBodies(zapr.NewLogger(zap.New(core, zap.AddCaller()))).WithValues("binding", "b")
			write(logr.NewContext(t.Context(), ForCall(log, queue.Key{Namespace: "ns", Name: "n"}, queue.Added)))
			if logged.Len() == 0 {
				t.Fatal("nothing is written")
			}
			for _, line := range logged.All() {
				if file := filepath.Base(line.Caller.File); file != "calllog_test.go" {
					t.Errorf("written at %s", file)
				}
				values := line.ContextMap()
				if g, ok := values["g"].(map[string]any); ok {
					values["k"] = g["k"]
				}
				for key, want := range map[string]any{"object": "ns/n", "event": "Added", "binding": "b", "k": "v"} {
					if values[key] != want {
						t.Errorf("%s is %v, want %v", key, values[key], want)
					}
				}
			}
		})
	}
}

// A sink that knows neither log/slog nor the depth of calls is served too, and so is none.
func TestCallLoggerOfPlainSinks(t *testing.T) {
	var lines []string
	plain := funcr.New(func(_, args string) { lines = append(lines, args) }, funcr.Options{})
	for _, base := range []logr.Logger{plain, plain.WithSink(bareSink{plain.GetSink()}), logr.Discard()} {
		log := ForCall(WithoutBodies(base), queue.Key{Name: "n"}, queue.Deleted)
		log.Info("said")
		log.WithCallDepth(1).Info("said")
	}
	if len(lines) != 4 {
		t.Fatalf("%d lines, want 4: %q", len(lines), lines)
	}
	for _, line := range lines {
		if !strings.Contains(line, `"object"="n" "event"="Deleted"`) {
			t.Errorf("%s", line)
		}
	}
}

// bareSink hides what else a sink can do.
type bareSink struct{ logr.LogSink }

// WithValues implements logr.LogSink.
func (b bareSink) WithValues(values ...any) logr.LogSink {
	return bareSink{b.LogSink.WithValues(values...)}
}

// A logger that nobody uses costs next to nothing.
func TestCallLoggerThatIsNotUsed(t *testing.T) {
	log := zapr.NewLogger(zap.NewNop()).WithValues("binding", "b")
	if got := testing.AllocsPerRun(100, func() {
		ForCall(log, queue.Key{Namespace: "ns", Name: "n"}, queue.Added)
	}); got > 1 {
		t.Errorf("%v allocations, want one", got)
	}
}
