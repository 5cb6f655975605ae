package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
	"github.com/ancho-dev/ancho/hack/bench/internal/report"
)

// scenario is one thing that all contenders have to do.
type scenario struct {
	name          string
	title         func(o options) string
	objects       func(o options) int
	pods, widgets bool // which objects the control plane has to hold
	contestants   func(b *bench) []contestant
	play          func(ctx context.Context, b *bench, c contestant, row *report.Row) error
}

// contestant is one contender in one scenario.
type contestant struct {
	name    string
	command []string
	task    contender.Task
	missing string // why it cannot take part
}

// scenarios are all that there are, in the order in which they are done.
func scenarios() []scenario {
	objects := func(o options) int { return o.objects }
	title := func(format string) func(options) string {
		return func(o options) string { return fmt.Sprintf(format, o.objects) }
	}
	return []scenario{
		{
			name: report.ColdPods, pods: true, objects: objects, contestants: coldPods, play: playCold,
			title: title("cold start, %d Pods, every one handled once"),
		},
		{
			name: report.ColdCustom, widgets: true, objects: objects, contestants: coldCustom, play: playCold,
			title: title("cold start, %d custom resources, every one handled once"),
		},
		{
			name: report.Filter, pods: true, objects: objects, contestants: filtered, play: playCold,
			title: title("cold start, %d Pods, 1 %% of them handled, by a filter that only the client can apply"),
		},
		{
			name: report.Churn, pods: true, objects: objects, contestants: churned, play: playChurn,
			title: func(o options) string {
				return fmt.Sprintf("%d updates a second on %d Pods, for %s", updatesPerSecond, o.objects, churnTime(o))
			},
		},
		{
			name: report.Fifty, pods: true, objects: objects, contestants: fifty, play: playFifty,
			title: title("cold start, %d Pods, by one binding and by 50 with disjoint filters"),
		},
		{
			name: report.Cut, pods: true, objects: objects, contestants: cutOff, play: playCut,
			title: func(o options) string {
				return fmt.Sprintf("a cut connection, %d Pods of %d changed meanwhile", changedMeanwhile, o.objects)
			},
		},
		{
			name: report.Heap, objects: heapObjects, contestants: atRest, play: playHeap,
			title: func(o options) string { return fmt.Sprintf("heap at rest, one stream, %d small Pods", heapObjects(o)) },
		},
		{
			name: report.Million, objects: millionObjects, contestants: million, play: playMillion,
			title: func(o options) string {
				return fmt.Sprintf("cold start, %d small Pods of a synthetic server, every one handled once", millionObjects(o))
			},
		},
	}
}

func scenarioNames() []string {
	var out []string
	for _, s := range scenarios() {
		out = append(out, s.name)
	}
	return out
}

// scenario plays one, in rounds that alternate the contenders.
func (b *bench) scenario(ctx context.Context, s scenario) error {
	sc := &report.Scenario{Name: s.name, Title: s.title(b.options), Objects: s.objects(b.options), Rounds: b.options.rounds}
	b.result.Scenarios = append(b.result.Scenarios, sc)
	b.sayf("%s: %s", sc.Name, sc.Title)
	for round := range b.options.rounds {
		for _, c := range s.contestants(b) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			row := sc.Row(c.name)
			if c.missing != "" {
				row.Note = c.missing
				continue
			}
			if row.Error != "" {
				continue // once is enough
			}
			if b.options.profile && strings.HasPrefix(c.name, report.Ancho) {
				c.task.CPUProfile, c.task.HeapProfile = b.profiles(sc.Name, c.name, round)
			}
			what := fmt.Sprintf("%s, round %d, %s", sc.Name, round+1, c.name)
			done := b.progress(what)
			err := s.play(ctx, b, c, row)
			done()
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				row.Error = err.Error()
				b.sayf("%s: FAILED: %v", what, err)
			default:
				b.sayf("%s: %s", what, row.Last())
			}
		}
	}
	return nil
}

// progress says now and then that something is still going on, until done is called.
func (b *bench) progress(what string) (done func()) {
	since := time.Now()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(10 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				b.sayf("%s: at work for %s", what, time.Since(since).Round(time.Second))
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}

// profiles are the files for the profiles of one run.
func (b *bench) profiles(scenario, contender string, round int) (cpu, heap string) {
	name := filepath.Join(b.dir, "results", fmt.Sprintf("%s-%s-%d", scenario, strings.NewReplacer(" ", "-", ",", "").Replace(contender), round+1))
	b.sayf("profiles: %s.{cpu,heap}.prof", name)
	return name + ".cpu.prof", name + ".heap.prof"
}

// program is the command of a contender in Go.
func (b *bench) program(name string) []string { return []string{filepath.Join(b.dir, "bin", name)} }

// peers are the contenders that handle objects, all on the same task.
func (b *bench) peers(task contender.Task) []contestant {
	return []contestant{
		{name: report.Ancho, command: b.program("ancho"), task: task},
		{name: report.Reference, command: b.program("controllerruntime"), task: task},
		{name: report.Informer, command: b.program("informer"), task: task},
		b.fluent(task),
	}
}

// drop is the contender that reads and drops.
func (b *bench) drop(name, encoding string, task contender.Task) contestant {
	task.Encoding = encoding
	return contestant{name: name, command: b.program("drop"), task: task}
}
