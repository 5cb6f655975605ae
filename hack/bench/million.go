package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
	"github.com/ancho-dev/ancho/hack/bench/internal/play"
	"github.com/ancho-dev/ancho/hack/bench/internal/report"
	"github.com/ancho-dev/ancho/hack/bench/internal/synthetic"
)

// millionObjects is how many objects Ancho is shown by the synthetic server.
func millionObjects(o options) int {
	if o.quick {
		return 100_000
	}
	return 1_000_000
}

// peerObjects is how many the peers are shown: with as many as Ancho they would need the memory of several
// machines.
const peerObjects = 100_000

// heapObjects is how many objects come and go while the heap is looked at.
func heapObjects(o options) int {
	if o.quick {
		return 20_000
	}
	return 100_000
}

func syntheticTask(n int) contender.Task {
	return contender.Task{HTTP: "127.0.0.1:0", Kind: contender.Pods, Expect: n, Total: n}
}

func million(b *bench) []contestant {
	few := syntheticTask(min(peerObjects, millionObjects(b.options)))
	return []contestant{
		{name: report.Ancho, command: b.program("ancho"), task: syntheticTask(millionObjects(b.options))},
		{name: report.Reference, command: b.program("controllerruntime"), task: few},
		{name: report.Informer, command: b.program("informer"), task: few},
	}
}

// playMillion starts a contender before a server of its own, and waits until all is handled.
func playMillion(ctx context.Context, _ *bench, c contestant, row *report.Row) (err error) {
	s, err := synthetic.Start(c.task.Total)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	c.task.Server = s.URL()
	u, err := play.Once(ctx, c.command, c.task, limit)
	if err != nil {
		return err
	}
	row.Add("objects", report.Count, float64(c.task.Total))
	used(row, u)
	row.Add("CPU an object", report.Microseconds, u.CPU.Seconds()*1e6/float64(c.task.Total))
	if u.Peak > 0 {
		row.Add("memory an object", report.Bytes, float64(u.Peak)/float64(c.task.Total))
	}
	return nil
}

func atRest(b *bench) []contestant {
	// One object is there from the begin, and one comes at the end, so that a contender can tell how far it is.
	n := heapObjects(b.options)
	task := contender.Task{HTTP: "127.0.0.1:0", Kind: contender.Pods, Expect: 1, Total: n + 2, Stay: true}
	return []contestant{
		{name: report.Ancho, command: b.program("ancho"), task: task},
		{name: report.Reference, command: b.program("controllerruntime"), task: task},
	}
}

// playHeap looks at a contender's heap before objects come, while they are there, and when they are gone.
func playHeap(ctx context.Context, b *bench, c contestant, row *report.Row) (err error) {
	n := heapObjects(b.options)
	s, err := synthetic.Start(1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	c.task.Server = s.URL()
	p, err := play.Start(ctx, c.command, c.task)
	if err != nil {
		return err
	}
	defer p.Kill()
	if _, err := p.Next(limit); err != nil {
		return err
	}
	base, err := b.heapAt(ctx, p, 1)
	if err != nil {
		return err
	}
	if err := s.Add(ctx, 1, n+1); err != nil {
		return err
	}
	full, err := b.heapAt(ctx, p, n+1)
	if err != nil {
		return err
	}
	if err := errors.Join(s.Delete(ctx, 1, n+1), s.Add(ctx, n+1, n+2)); err != nil {
		return err
	}
	gone, err := b.heapAt(ctx, p, n+2)
	if err != nil {
		return err
	}
	if err := p.End(); err != nil {
		return err
	}
	row.Add(report.HeapObject, report.Bytes, float64(full-base)/float64(n))
	row.Add("heap without objects", report.Megabytes, float64(base)/1e6)
	row.Add("heap with objects", report.Megabytes, float64(full)/1e6)
	row.Add(report.HeapGone, report.Megabytes, float64(gone)/1e6)
	row.Add(report.HeapLeft, report.Bytes, float64(gone-base)/float64(n))
	row.Note = fmt.Sprintf("%d watch opened", s.Watches())
	return nil
}

// heapAt waits until so many objects are handled, and for everything to become quiet, and returns what is on the
// heap.
func (b *bench) heapAt(ctx context.Context, p *play.Process, handled int) (int64, error) {
	since := time.Now()
	for {
		r, err := p.Ask(contender.CommandLook, limit)
		if err != nil {
			return 0, err
		}
		if r.Handled >= handled {
			break
		}
		if time.Since(since) > limit {
			return 0, fmt.Errorf("it handled %d objects of %d within %s", r.Handled, handled, limit)
		}
		if err := rest(ctx, 50*time.Millisecond); err != nil {
			return 0, err
		}
	}
	if err := b.settle(ctx); err != nil {
		return 0, err
	}
	r, err := p.Ask(contender.CommandHeap, limit)
	return r.HeapBytes, err
}
