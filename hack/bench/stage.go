package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
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
	turn   int    // see next
}

// rareCollections keeps a collection of garbage, of gigabytes in a server with many Pods, from standing still what
// is measured for a second on a machine with few cores.
const rareCollections = "GOGC=400"

// openStage starts the control plane.
func (b *bench) openStage(ctx context.Context) (*stage, error) {
	b.sayf("starting etcd and kube-apiserver")
	env, err := testenv.Start(ctx, testenv.Options{Progress: b.log, APIServerEnv: []string{rareCollections}})
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

// next is which of n objects to change. Neighbours in time are none in the server's store.
func (s *stage) next(n int) int {
	s.turn++
	return s.turn * 7919 % n // a prime: all have their turn
}

// task is to handle all of n objects on this control plane, with everything to reach it.
func (s *stage) task(kind string, n int) contender.Task {
	file := func(name string) string { return filepath.Join(s.dir, name) }
	return contender.Task{
		Kubeconfig: file("kubeconfig"), Server: strings.TrimSuffix(s.env.Config.Host, "/"),
		CA: file("ca.pem"), Cert: file("cert.pem"), Key: file("key.pem"),
		HTTP: "127.0.0.1:0", Kind: kind, Expect: n, Total: n,
	}
}

// lists is how many lists of a resource the server has answered so far.
func (s *stage) lists(ctx context.Context, resource string) (int, error) {
	text, err := s.filler.Metrics(ctx)
	if err != nil {
		return 0, err
	}
	return countLists(text, resource)
}

// countLists reads the server's metrics.
func countLists(metrics []byte, resource string) (n int, err error) {
	for line := range strings.Lines(string(metrics)) {
		labels, value, ok := strings.Cut(strings.TrimSpace(line), "} ")
		if !ok || !strings.HasPrefix(labels, "apiserver_request_total{") ||
			!strings.Contains(labels, `resource="`+resource+`"`) || !strings.Contains(labels, `verb="LIST"`) {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, fmt.Errorf("the server's count of lists: %w", err)
		}
		n += int(v)
	}
	return n, nil
}

// fill writes as many objects of a kind as are asked for.
func (b *bench) fill(ctx context.Context, kind string) error {
	s, n := b.stage, b.options.objects
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
				b.sayf("wrote %d %s in %s", n, kind, time.Since(since).Round(time.Second))
			}
			return err
		case <-tick.C:
			b.sayf("writing %s: %d of %d", kind, s.filler.Done(), n)
		}
	}
}
