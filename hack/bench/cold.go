package main

import (
	"context"

	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
	"github.com/ancho-dev/ancho/hack/bench/internal/play"
	"github.com/ancho-dev/ancho/hack/bench/internal/report"
)

func coldPods(b *bench) []contestant {
	task := b.stage.task(contender.Pods, b.options.objects)
	return append([]contestant{
		b.drop(report.DropProtobuf, "protobuf", task),
		b.drop(report.DropJSON, "json", task),
	}, b.peers(task)...)
}

func coldCustom(b *bench) []contestant {
	task := b.stage.task(contender.Widgets, b.options.objects)
	return append([]contestant{b.drop(report.DropJSON, "json", task)}, b.peers(task)...)
}

// filtered are Ancho with a filter, and the limit. The last of all objects is kept, so that Ancho is through with
// all when it has handled those it keeps: a server sends objects in the order of their keys.
func filtered(b *bench) []contestant {
	task := b.stage.task(contender.Pods, b.options.objects)
	kept := task
	kept.Expect, kept.Keep = task.Expect/100, true
	return []contestant{
		b.drop(report.DropProtobuf, "protobuf", task),
		{name: report.Ancho, command: b.program("ancho"), task: kept},
	}
}

// playCold starts a contender, and waits until all is handled.
func playCold(ctx context.Context, _ *bench, c contestant, row *report.Row) error {
	u, err := play.Once(ctx, c.command, c.task, limit)
	if err != nil {
		return err
	}
	used(row, u)
	if u.Read > 0 {
		row.Add(report.ObjectSize, report.Kilobytes, float64(u.Read)/1e3/float64(c.task.Total))
	}
	return nil
}

// used notes what a contender took.
func used(row *report.Row, u play.Usage) {
	row.Add(report.CPU, report.Seconds, u.CPU.Seconds())
	if u.Peak > 0 {
		row.Add(report.Peak, report.Megabytes, float64(u.Peak)/1e6)
	} else {
		row.Note = "memory is not measured: this system has no /proc"
	}
	row.Add(report.Wall, report.Seconds, u.Wall.Seconds())
}
