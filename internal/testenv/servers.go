package testenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/rest"
)

// ErrNotRunning is returned for an API server that is to be stopped and does
// not run.
var ErrNotRunning = errors.New("the API server is not running")

// ErrRunning is returned for an API server that is to be started and runs.
var ErrRunning = errors.New("the API server is running already")

// A server is one of the two processes, from its start to its end.
type server struct {
	name string
	proc *os.Process
	// stop sends SIGTERM unless the process has ended, and waits for the end.
	stop func() error
}

// KillAPIServer ends the API server as a crash would (SIGKILL): connections
// break without a last frame. It returns once the process is gone. etcd runs on.
func (e *Env) KillAPIServer() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.apiServer == nil {
		return ErrNotRunning
	}
	return e.end(&e.apiServer, os.Kill)
}

// StopAPIServer ends the API server in order (SIGTERM): it closes its watches
// and finishes what it is asked. It returns once the process is gone. etcd runs on.
func (e *Env) StopAPIServer() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.apiServer == nil {
		return ErrNotRunning
	}
	return e.end(&e.apiServer, nil)
}

// StartAPIServer starts an API server that was killed or stopped: same port,
// same certificates, same data, an empty watch cache. It returns once the API
// server can be used.
func (e *Env) StartAPIServer() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped {
		return errStopped
	}
	if e.apiServer != nil {
		return ErrRunning
	}
	err := e.plane.APIServer.Start()
	if err := errors.Join(err, e.adopt()); err != nil {
		return e.explain("start the API server again", err)
	}
	return e.waitReady(context.Background(), e.Config)
}

// adopt takes charge of the servers that were just started. Those whose start
// failed may have left an id on file; they are ended by Stop like any other.
func (e *Env) adopt() error {
	var errs []error
	for _, s := range []struct {
		into **server
		name string
		stop func() error
	}{
		{&e.etcd, etcdName, e.plane.Etcd.Stop},
		{&e.apiServer, apiServerName, e.plane.APIServer.Stop},
	} {
		errs = append(errs, e.adoptOne(s.into, s.name, s.stop))
	}
	return errors.Join(errs...)
}

// adoptOne takes charge of a server, unless it did so before or the server never started.
func (e *Env) adoptOne(into **server, name string, stop func() error) error {
	if *into != nil {
		return nil
	}
	proc, err := findServer(e.dir, name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	*into = &server{name: name, proc: proc, stop: stop}
	return nil
}

// end sends sig, if any, to a server, ends it in order if that did not, waits
// until it is gone and forgets it.
func (e *Env) end(at **server, sig os.Signal) error {
	s := *at
	if s == nil {
		return nil
	}
	*at = nil
	defer func() { _ = s.proc.Release() }()
	if sig != nil {
		if err := s.proc.Signal(sig); err != nil && !gone(err) {
			return fmt.Errorf("send %v to %s: %w", sig, s.name, err)
		}
	}
	if err := s.stop(); err != nil && !gone(err) {
		return fmt.Errorf("stop %s: %w", s.name, err)
	}
	if err := os.Remove(pidFile(e.dir, s.name)); err != nil {
		return fmt.Errorf("forget the process id of %s: %w", s.name, err)
	}
	return nil
}

// ready are the paths that answer 200 when the API server can be used. envtest
// waits for /healthz alone, which answers before the post-start hooks (RBAC's
// bootstrap roles among them) have run, and no check waits for the namespaces
// that the API server creates by itself.
func ready() []string {
	return []string{"readyz", "api/v1/namespaces/kube-system", "api/v1/namespaces/default"}
}

// waitReady waits until the API server of a configuration can be used.
func (e *Env) waitReady(ctx context.Context, cfg *rest.Config) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	client, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	paths := ready()
	for {
		err := probe(ctx, client, cfg.Host+paths[0])
		if err == nil {
			if paths = paths[1:]; len(paths) == 0 {
				return nil
			}
			continue
		}
		select {
		case <-ctx.Done():
			return e.explain("wait for the API server", errors.Join(ctx.Err(), err))
		case <-tick.C:
		}
	}
}
