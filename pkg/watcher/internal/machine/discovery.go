package machine

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
)

// discoveryTimeout bounds the few requests that tell whether a resource is served.
const discoveryTimeout = 30 * time.Second

// absentFor is how long every answer has to be that no version of a resource is served before its objects count as
// deleted. An API server that lags behind, or is cut off from etcd, says so too, and so does its discovery.
const absentFor = 2 * time.Minute

// absence notes since when every answer has been that the resource is not served. Any other answer, and none, ends it.
func (m *machine) absence(in *input) {
	switch {
	case in.what == gotStatus && in.code == http.StatusNotFound: // discovery is asked what it means
	case in.what == gotDiscovery && !in.failed && !in.served && !in.anyVersion:
		if m.absent.IsZero() {
			m.absent = time.Now()
		}
		in.absent = time.Since(m.absent)
	default:
		m.absent = time.Time{}
	}
}

// asking is the context of the next request. While objects that the stream knew may be gone, also those that just left the
// index, and for a second snapshot that has to say what the first said, each request opens a connection of its own.
func (m *machine) asking(ctx context.Context) context.Context {
	knew := m.index.Len() > 0 || m.synced && !m.gone
	if m.proof.twice || knew && (!m.absent.IsZero() || m.next == askDiscovery) {
		return apiclient.OverFresh(ctx)
	}
	return ctx
}

// discover finds out what a 404 means (rule 41).
func (m *machine) discover(ctx context.Context) (input, *ending) {
	type found struct {
		is  apiclient.Discovery
		err error
	}
	answer := make(chan found, 1)
	asking, cancel := context.WithTimeout(ctx, discoveryTimeout)
	defer cancel()
	go func() {
		is, err := m.server.Discover(asking, m.target.Resource)
		if err == nil && !is.AnyVersion {
			if err = m.confirm(asking); err == nil { // another server may have answered than the one that confirmed
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

// confirm asks for a resource that every API server serves: a proxy whose server is away answers 404 to every request,
// which says nothing about objects.
func (m *machine) confirm(ctx context.Context) error {
	is, err := m.server.Discover(ctx, kind.Resource{Version: "v1", Kind: "Namespace", Plural: "namespaces"})
	if err != nil {
		return err
	}
	if !is.Served {
		return errors.New("the server that answers does not serve namespaces either: it is not an API server, or not a complete one")
	}
	return nil
}
