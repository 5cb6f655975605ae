package watcher

import (
	"context"
	"errors"
	"time"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// discoveryTimeout bounds the few requests that tell whether a resource is served.
const discoveryTimeout = 30 * time.Second

// discover finds out what a 404 means (rule 41).
func (m *machine) discover(ctx context.Context) (input, *ending) {
	type found struct {
		is  Discovery
		err error
	}
	answer := make(chan found, 1)
	asking, cancel := context.WithTimeout(ctx, discoveryTimeout)
	defer cancel()
	go func() {
		is, err := m.server.Discover(asking, m.target.Resource)
		if err == nil && !is.AnyVersion {
			if err = m.confirm(asking); err == nil { // who said so may have been another than who confirmed
				is, err = m.server.Discover(asking, m.target.Resource)
			}
		}
		answer <- found{is, err}
	}()
	for {
		select {
		case f := <-answer:
			in := input{
				what: gotDiscovery, ask: askDiscovery,
				served: f.is.Served, anyVersion: f.is.AnyVersion, failed: f.err != nil,
			}
			end := &ending{what: gotDiscovery, err: f.err}
			if f.err == nil && f.is.Message != "" {
				end.err = errors.New(f.is.Message)
			}
			return in, end
		case <-m.cmds.ready:
			m.cmds.run()
		case <-ctx.Done():
			<-answer // it ends with its context
			return input{}, nil
		}
	}
}

// confirm asks for something that every API server serves. A proxy whose server is away answers 404 to all
// there is, and must not make it look as if all objects were gone.
func (m *machine) confirm(ctx context.Context) error {
	is, err := m.server.Discover(ctx, kind.Resource{Version: "v1", Kind: "Namespace", Plural: "namespaces"})
	if err != nil {
		return err
	}
	if !is.Served {
		return errors.New("whoever answers does not serve namespaces either, so it is not the API server, or not all of it")
	}
	return nil
}
