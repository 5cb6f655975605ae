package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/proxy"
	"github.com/ancho-dev/ancho/internal/testenv"
)

// breaker breaks what is around the subject, and repairs it. It is for one goroutine.
type breaker struct {
	env      *testenv.Env
	admin    client.Client
	line     *proxy.Proxy
	random   *rand.Rand
	restarts atomic.Int64
}

// round does each of the faults once, in an order of the seed's, with a while between them. When it returns
// nothing is broken, unless ctx has ended or there is an error.
func (b *breaker) round(ctx context.Context) error {
	all := []func(context.Context) error{b.blink, b.blink, b.outage, b.crash, b.crashAndForget, b.compact, b.disown}
	b.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, f := range all {
		if !b.pause(ctx, 500*time.Millisecond, 2*time.Second) {
			return nil
		}
		if err := f(ctx); err != nil {
			return fmt.Errorf("break something: %w", err)
		}
	}
	b.pause(ctx, time.Second, 2*time.Second)
	return nil
}

// pause waits between least and most, and tells whether ctx goes on.
func (b *breaker) pause(ctx context.Context, least, most time.Duration) bool {
	t := time.NewTimer(least + time.Duration(b.random.Int64N(int64(most-least))))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// blink breaks what is open.
func (b *breaker) blink(context.Context) error {
	b.cut()
	return nil
}

// cut breaks all connections, and lets new ones through.
func (b *breaker) cut() {
	b.line.Cut()
	b.line.Restore()
}

// outage cuts the subject off for a while.
func (b *breaker) outage(ctx context.Context) error {
	b.line.Cut()
	b.pause(ctx, 200*time.Millisecond, 4*time.Second)
	b.line.Restore()
	return nil
}

// crash kills the API server and starts it again.
func (b *breaker) crash(context.Context) error {
	b.restarts.Add(1)
	return errors.Join(b.env.KillAPIServer(), b.env.StartAPIServer()) //nolint:contextcheck // what is killed is started, whatever ends
}

// crashAndForget loses the history beside.
func (b *breaker) crashAndForget(context.Context) error {
	b.restarts.Add(1)
	return errors.Join(b.env.KillAPIServer(), b.env.Compact(), b.env.StartAPIServer()) //nolint:contextcheck // as crash
}

// compact loses the history that the API server does not hold itself.
func (b *breaker) compact(context.Context) error { return b.env.Compact() } //nolint:contextcheck // it takes none

// disown takes the subject's rights for a while. It keeps what it has open, so that is cut.
func (b *breaker) disown(ctx context.Context) error {
	if err := revoke(ctx, b.admin); err != nil {
		return ignoreEnd(ctx, err)
	}
	b.pause(ctx, 200*time.Millisecond, time.Second) // the server learns of it by a watch
	b.cut()
	b.pause(ctx, 200*time.Millisecond, 4*time.Second)
	return grant(context.WithoutCancel(ctx), b.admin)
}

// ignoreEnd drops errors that come of the end of ctx.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}
