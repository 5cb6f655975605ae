package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
	"github.com/ancho-dev/ancho/hack/bench/internal/play"
	"github.com/ancho-dev/ancho/hack/bench/internal/report"
)

const updatesPerSecond = 200

// settle waits while nothing is sent: before a period, so that what came before is over, and after it, so that the
// last update can be handled.
func (b *bench) settle(ctx context.Context) error {
	if b.options.quick {
		return rest(ctx, time.Second)
	}
	return rest(ctx, 2*time.Second)
}

// churnTime is how long updates are sent.
func churnTime(o options) time.Duration {
	if o.quick {
		return 5 * time.Second
	}
	return 20 * time.Second
}

func churned(b *bench) []contestant {
	task := b.stage.task(contender.Pods, b.options.objects)
	task.Stay = true
	return append([]contestant{b.drop(report.DropProtobuf, "protobuf", task)}, b.peers(task)...)
}

// playChurn measures a contender while objects change.
func playChurn(ctx context.Context, b *bench, c contestant, row *report.Row) error {
	p, err := play.Start(ctx, c.command, c.task)
	if err != nil {
		return err
	}
	defer p.Kill()
	if _, err := p.Next(limit); err != nil {
		return err
	}
	if err := b.settle(ctx); err != nil {
		return err
	}
	if _, err := p.Ask(contender.CommandBegin, limit); err != nil {
		return err
	}
	sent, err := b.update(ctx, churnTime(b.options))
	if err != nil {
		return err
	}
	if err := b.settle(ctx); err != nil {
		return err
	}
	r, err := p.Ask(contender.CommandEnd, limit)
	if err != nil {
		return err
	}
	if err := p.End(); err != nil {
		return err
	}
	return steady(row, sent, r)
}

// steady notes what a contender did while so many updates were sent. It may see several states of an object as
// one, which is no loss.
func steady(row *report.Row, sent int, r contender.Report) error {
	row.Add(report.CPUEvent, report.Microseconds, r.CPUSeconds*1e6/float64(sent))
	row.Add("updates", report.Count, float64(sent))
	if row.Contender == report.DropProtobuf {
		return nil
	}
	if len(r.LatenciesMicros) == 0 {
		return fmt.Errorf("of %d updates none was handled", sent)
	}
	var millis []float64
	for _, l := range r.LatenciesMicros {
		millis = append(millis, float64(l)/1e3)
	}
	row.Add("p50", report.Milliseconds, report.Percentile(millis, 50))
	row.Add(report.P99, report.Milliseconds, report.Percentile(millis, 99))
	row.Add("calls", report.Count, float64(r.Calls))
	return nil
}

// update changes objects, each in its turn, at an even rate, and returns how many.
func (b *bench) update(ctx context.Context, during time.Duration) (sent int, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	defer wg.Wait()
	tick := time.NewTicker(time.Second / updatesPerSecond)
	defer tick.Stop()
	due := int(during.Seconds() * updatesPerSecond)
	for sent < due {
		select {
		case <-ctx.Done():
			return sent, context.Cause(ctx)
		case <-tick.C:
		}
		i := b.stage.next(b.options.objects)
		wg.Go(func() {
			if err := b.stage.filler.Touch(ctx, i, b.options.objects); err != nil {
				cancel(err)
			}
		})
		sent++
	}
	wg.Wait()
	return sent, context.Cause(ctx)
}

// rest waits.
func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
