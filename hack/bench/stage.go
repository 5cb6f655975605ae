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
	"github.com/ancho-dev/ancho/hack/bench/internal/fill"
	"github.com/ancho-dev/ancho/internal/testenv"
)

// stage is the control plane that the contenders meet, with all objects in it.
type stage struct {
	env    *testenv.Env
	filler *fill.Filler
	dir    string // of files with credentials
}

// openStage starts the control plane.
func (b *bench) openStage(ctx context.Context) (*stage, error) {
	b.say("starting etcd and kube-apiserver")
	env, err := testenv.Start(ctx, testenv.Options{Progress: b.log})
	if err != nil {
		return nil, err
	}
	s := &stage{env: env}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *stage) prepare() (err error) {
	if s.dir, err = os.MkdirTemp("", "ancho-bench-"); err != nil {
		return fmt.Errorf("create a folder for credentials: %w", err)
	}
	for name, content := range map[string][]byte{
		"kubeconfig": s.env.Kubeconfig(),
		"ca.pem":     s.env.Config.CAData,
		"cert.pem":   s.env.Config.CertData,
		"key.pem":    s.env.Config.KeyData,
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), content, 0o600); err != nil {
			return fmt.Errorf("write credentials: %w", err)
		}
	}
	s.filler, err = fill.New(s.env.Config)
	return err
}

func (s *stage) close() error {
	var err error
	if s.dir != "" {
		err = os.RemoveAll(s.dir)
	}
	return errors.Join(s.env.Stop(), err)
}

// task is one on this control plane, with everything to reach it.
func (s *stage) task(kind string, expect, total int) contender.Task {
	file := func(name string) string { return filepath.Join(s.dir, name) }
	return contender.Task{
		Kubeconfig: file("kubeconfig"), Server: strings.TrimSuffix(s.env.Config.Host, "/"),
		CA: file("ca.pem"), Cert: file("cert.pem"), Key: file("key.pem"),
		HTTP: "127.0.0.1:0", Kind: kind, Expect: expect, Total: total,
	}
}

// fill writes n objects of a kind.
func (b *bench) fill(ctx context.Context, s *stage, kind string, n int) error {
	write := s.filler.Pods
	if kind == contender.Widgets {
		write = s.filler.Widgets
	}
	since := time.Now()
	done := make(chan error, 1)
	go func() { done <- write(ctx, n) }()
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			if err == nil {
				b.say("wrote %d %s in %s", n, kind, time.Since(since).Round(time.Second))
			}
			return err
		case <-tick.C:
			b.say("writing %s: %d of %d", kind, s.filler.Done(), n)
		}
	}
}
