package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
	"github.com/ancho-dev/ancho/hack/bench/internal/play"
	"github.com/ancho-dev/ancho/hack/bench/internal/report"
	"github.com/ancho-dev/ancho/internal/proxy"
)

const (
	changedMeanwhile = 10
	// cutLimit is how long a contender may take to know of the changes. Some try again after a while only.
	cutLimit = 90 * time.Second
)

func cutOff(b *bench) []contestant {
	task := b.stage.task(contender.Pods, b.options.objects)
	task.Stay = true
	return b.peers(task)
}

// playCut cuts a contender's connection, changes objects, and counts what crosses the wire until it knows of them.
func playCut(ctx context.Context, b *bench, c contestant, row *report.Row) (err error) {
	line, err := b.proxied(&c.task)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, line.Close()) }()
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
	lists, err := b.stage.lists(ctx, contender.Pods)
	if err != nil {
		return err
	}
	line.Cut()
	before := line.Received()
	for range changedMeanwhile {
		if err := b.stage.filler.Touch(ctx, b.stage.next(b.options.objects), b.options.objects); err != nil {
			return err
		}
	}
	line.Restore()
	restored := time.Now()
	took, err := b.known(ctx, p, restored)
	if err != nil {
		return err
	}
	after, err := b.stage.lists(ctx, contender.Pods)
	if err != nil {
		return err
	}
	r, err := p.Ask(contender.CommandEnd, limit)
	if err != nil {
		return err
	}
	row.Add(report.Crossed, report.Kilobytes, float64(line.Received()-before)/1e3)
	row.Add(report.Lists, report.Count, float64(after-lists))
	row.Add("calls", report.Count, float64(r.Calls))
	row.Add("until known", report.Seconds, took.Seconds())
	return p.End()
}

// known waits until all changes are handled, and for what may still come, and returns how long the first took.
func (b *bench) known(ctx context.Context, p *play.Process, since time.Time) (time.Duration, error) {
	for {
		r, err := p.Ask(contender.CommandLook, limit)
		if err != nil {
			return 0, err
		}
		if r.Updates >= changedMeanwhile {
			took := time.Since(since)
			return took, b.settle(ctx)
		}
		if time.Since(since) > cutLimit {
			return 0, fmt.Errorf("it knows of %d changes out of %d, %s after the connection was restored", r.Updates, changedMeanwhile, cutLimit)
		}
		if err := rest(ctx, 50*time.Millisecond); err != nil {
			return 0, err
		}
	}
}

// proxied puts a proxy between the contender of this task and the server.
func (b *bench) proxied(task *contender.Task) (*proxy.Proxy, error) {
	_, server, ok := strings.Cut(task.Server, "://")
	if !ok {
		return nil, fmt.Errorf("the server's address %s is no URL", task.Server)
	}
	p, err := proxy.New(server)
	if err != nil {
		return nil, err
	}
	config, err := os.ReadFile(task.Kubeconfig)
	if err == nil {
		task.Kubeconfig = filepath.Join(b.stage.dir, "kubeconfig-proxied")
		err = os.WriteFile(task.Kubeconfig, []byte(strings.ReplaceAll(string(config), server, p.Addr())), 0o600) //nolint:gosec // in a folder of our own
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("a kubeconfig for the proxy: %w", err), p.Close())
	}
	return p, nil
}
