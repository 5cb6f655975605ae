package model

import (
	"context"
	"time"

	"github.com/go-logr/logr/funcr"

	"github.com/ancho-dev/ancho/pkg/runtime"
)

const grace = 10 * time.Second

// clock is how the log tells the time.
const clock = "15:04:05.000"

// program is one run of the program, with its bindings.
type program struct {
	w        *world
	bindings []*bound
	r        *runtime.Runtime
	cancel   context.CancelFunc
	ended    chan error
	stopped  bool   // nothing may start any more
	calm     bool   // all was handled once
	born     int    // how many objects there had been when it began
	startRV  uint64 // the server's, when it began
	gap      bool   // a history was lost since all was handled last
	since    uint64 // the server's resourceVersion when all was handled last
	moment   int    // when that was, or when it began
}

// start runs the program against the server as it is.
func (w *world) start(fail failing) {
	fail.Helper()
	p := &program{w: w, born: len(w.truth.order), startRV: w.rv, ended: make(chan error, 1), gap: true}
	for _, s := range w.specs {
		p.bindings = append(p.bindings, newBound(s, p))
	}
	p.moment = w.truth.moment
	cfg := w.server.Config()
	cfg.Transport = &writer{RoundTripper: cfg.Transport, w: w}
	r, err := runtime.New(cfg, runtime.Options{
		Capabilities: functions(p.bindings), GracePeriod: grace, Rand: func() float64 { return w.jitter },
		Logger: funcr.New(func(prefix, args string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.logf("%s log: %s %s", time.Now().Format(clock), prefix, args)
		}, funcr.Options{}),
	})
	if err != nil {
		fail.Fatalf("the program cannot start: %v", err)
	}
	p.r = r
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	go func() { p.ended <- r.Run(ctx) }()
	w.p = p
}

// stop stops the program as SIGTERM does, and looks that nothing starts from then on.
func (w *world) stop(fail failing) {
	fail.Helper()
	p := w.p
	w.settle()
	w.mu.Lock()
	p.stopped = true
	w.mu.Unlock()
	p.cancel()
	w.settle()
	w.let() // what hung ends within the grace period, or not
	w.heal()
	if err := <-p.ended; err != nil {
		fail.Fatalf("the program ended with an error: %v", err)
	}
	w.settle()
	w.report(fail)
}

// failing is what a test, or a step of one, fails with.
type failing interface {
	Helper()
	Fatalf(format string, a ...any)
}
