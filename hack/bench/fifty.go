package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
	"github.com/ancho-dev/ancho/hack/bench/internal/play"
	"github.com/ancho-dev/ancho/hack/bench/internal/report"
)

// fifty are Ancho with one binding for all objects, and with one for each fiftieth. Only the client can tell the
// fiftieths apart, so that every binding needs all that the server sends.
func fifty(b *bench) []contestant {
	task := b.stage.task(contender.Pods, b.options.objects)
	task.Stay = true
	split := task
	split.Bindings = contender.Shards
	return []contestant{
		{name: report.OneBinding, command: b.program("ancho"), task: task},
		{name: report.FiftyBindings, command: b.program("ancho"), task: split},
	}
}

// playFifty starts a contender, and asks it how many streams it has.
func playFifty(ctx context.Context, _ *bench, c contestant, row *report.Row) error {
	var err error
	if c.task.HTTP, err = freeAddress(); err != nil {
		return err
	}
	p, err := play.Start(ctx, c.command, c.task)
	if err != nil {
		return err
	}
	defer p.Kill()
	r, err := p.Next(limit)
	if err != nil {
		return err
	}
	n, err := streams(ctx, c.task.HTTP)
	if err != nil {
		return err
	}
	row.Add(report.CPU, report.Seconds, r.CPUSeconds)
	if r.PeakBytes > 0 {
		row.Add(report.Peak, report.Megabytes, float64(r.PeakBytes)/1e6)
	}
	row.Add(report.Streams, report.Count, float64(n))
	return p.End()
}

// streams asks an Ancho program how many streams it keeps open.
func streams(ctx context.Context, address string) (n int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/debug", http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, fmt.Errorf("ask for the streams: %w", err)
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	var now struct {
		Streams []json.RawMessage `json:"streams"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&now); err != nil {
		return 0, fmt.Errorf("ask for the streams: %w", err)
	}
	return len(now.Streams), nil
}

// freeAddress is one on this machine that nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // on this machine
	if err != nil {
		return "", fmt.Errorf("look for a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}
