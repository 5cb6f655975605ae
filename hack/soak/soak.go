package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/proxy"
	"github.com/ancho-dev/ancho/internal/testenv"
)

const (
	every       = 10 * time.Second // between two lines
	settleLimit = 2 * time.Minute  // for the subject to have handled everything in a quiet moment
	collections = 3                // what a pool or a finalizer holds lives through the first
)

// session is one run.
type session struct {
	out     io.Writer
	env     *testenv.Env
	admin   client.Client
	line    *proxy.Proxy
	subject *process
	ledger  *ledger
	breaker *breaker
	since   time.Time

	mu     sync.Mutex
	points []checkpoint
}

// soak starts everything, goes on for as long as asked, ends everything, and returns why the run failed.
func soak(ctx context.Context, o options, out io.Writer) (err error) {
	fmt.Fprintf(out, "soak: %s, --seed %d\n", o.duration, o.seed)
	env, err := testenv.Start(ctx, testenv.Options{})
	if err != nil {
		return fmt.Errorf("control plane: %w", err)
	}
	defer func() { err = errors.Join(err, env.Stop()) }()
	dir, err := os.MkdirTemp("", "ancho-soak-")
	if err != nil {
		return fmt.Errorf("folder for the kubeconfig: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s := &session{out: out, env: env, ledger: newLedger()}
	if s.admin, err = client.New(env.Config, client.Options{}); err != nil {
		return fmt.Errorf("client of the administrator: %w", err)
	}
	if err := prepare(ctx, s.admin); err != nil {
		return fmt.Errorf("namespace and rights of the subject: %w", err)
	}
	server, err := serverOf(env.Config)
	if err != nil {
		return err
	}
	if s.line, err = proxy.New(server); err != nil {
		return err
	}
	defer func() { _ = s.line.Close() }()
	cfg, err := env.User(user)
	if err != nil {
		return err
	}
	path, err := kubeconfig(dir, cfg, s.line.Addr())
	if err != nil {
		return err
	}
	living, kill := context.WithCancel(context.WithoutCancel(ctx))
	if s.subject, err = startProcess(living, path, s.ledger.read); err != nil {
		kill()
		return err
	}
	defer func() {
		kill()
		<-s.subject.ended
	}()
	s.breaker = &breaker{env: env, admin: s.admin, line: s.line, random: rand.New(rand.NewPCG(o.seed, 0))} //nolint:gosec // not for secrets
	return s.run(ctx, o)
}

// run alternates rounds of faults under load with quiet moments, until the time is over.
func (s *session) run(ctx context.Context, o options) error {
	s.since = time.Now()
	telling, stop := context.WithCancel(ctx)
	var teller sync.WaitGroup
	teller.Go(func() { s.tell(telling) })
	defer func() {
		stop()
		teller.Wait()
	}()
	load := churns(s.admin, o.seed)
	var failed error
	for failed == nil && ctx.Err() == nil && time.Since(s.since) < o.duration {
		failed = s.round(ctx, load, o.duration-time.Since(s.since))
		if failed == nil && ctx.Err() == nil {
			failed = s.quiet(ctx)
		}
		failed = errors.Join(failed, s.subject.alive())
	}
	if ctx.Err() != nil {
		return errors.Join(failed, errors.New("interrupted"))
	}
	return errors.Join(failed, s.ledger.err(), judge(s.measured()))
}

// round breaks things under load. When it returns nothing changes any more.
func (s *session) round(ctx context.Context, load []*churn, left time.Duration) error {
	ctx, stop := context.WithTimeout(ctx, left)
	defer stop()
	var changing sync.WaitGroup
	for _, w := range load {
		changing.Go(func() { w.run(ctx) })
	}
	err := s.breaker.round(ctx)
	stop()
	changing.Wait()
	return err
}

// quiet waits until the subject has handled everything, or long enough, and measures.
func (s *session) quiet(ctx context.Context) error {
	there, err := state(ctx, s.admin)
	if err != nil {
		return ignoreEnd(ctx, err)
	}
	var missed []string
	for end := time.Now().Add(settleLimit); ; {
		missed = nil
		for binding, objects := range there {
			missed = append(missed, s.ledger.misses(binding, objects)...)
		}
		if len(missed) == 0 || time.Now().After(end) || !wait(ctx, 200*time.Millisecond) {
			break
		}
	}
	p := checkpoint{at: time.Since(s.since).Round(time.Second), misses: missed}
	// What ends by itself may take a moment: connections are closed, timers stopped.
	for range 10 {
		if p.heap, p.goroutines, err = s.subject.measure(ctx, collections); err != nil {
			return ignoreEnd(ctx, err)
		}
		if points := s.measured(); len(points) == 0 || p.goroutines <= points[0].goroutines || !wait(ctx, time.Second) {
			break
		}
	}
	p.duplicates = s.ledger.counts().duplicates
	s.mu.Lock()
	s.points = append(s.points, p)
	s.mu.Unlock()
	fmt.Fprintf(s.out, "%8s  quiet: %d misses, %d duplicates, %d goroutines, %s heap\n", p.at, len(p.misses), p.duplicates, p.goroutines, megabytes(p.heap))
	return nil
}

// wait returns whether ctx goes on after a while.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *session) measured() []checkpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]checkpoint(nil), s.points...)
}

func megabytes(n int64) string { return fmt.Sprintf("%.2f MB", float64(n)/1e6) }
