package replicas

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/fields"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/live"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// leaseDialTimeout is short: there is little time to renew.
const leaseDialTimeout = 5 * time.Second

// leaseClient talks about Leases over connections of its own: neither the requests of callbacks nor a connection of
// theirs that is dead hold up a renewal. It speaks HTTP/1.1, where a request that is given up takes its connection with it;
// with HTTP/2 the next one would be sent over the same one, which may be dead.
type leaseClient struct {
	leases coordinationclient.LeasesGetter
	http   *http.Client
}

func newLeaseClient(cfg *rest.Config) (*leaseClient, error) {
	own := rest.CopyConfig(cfg)
	own.QPS, own.RateLimiter = -1, nil
	if own.Transport == nil && own.Dial == nil { // client-go shares the transports of those who do not dial by themselves
		own.Dial = (&net.Dialer{Timeout: leaseDialTimeout, KeepAlive: leaseDialTimeout}).DialContext
	}
	if own.Transport == nil {
		own.NextProtos = []string{"http/1.1"}
	}
	h, err := rest.HTTPClientFor(own)
	if err != nil {
		return nil, fmt.Errorf("make the client for the Lease: %w", err)
	}
	c, err := coordinationclient.NewForConfigAndClient(own, h)
	if err != nil {
		return nil, fmt.Errorf("make the client for the Lease: %w", err)
	}
	return &leaseClient{leases: c, http: h}, nil
}

// closeIdle closes connections that carry no request.
func (c *leaseClient) closeIdle() { live.CloseIdle(c.http) }

// watch follows the one Lease until ctx ends, so that a standby hears at once that it was given back. Where the right
// to watch is missing, the stream says so, and the elector's own tries have to do.
func (e *Election) watch(ctx context.Context) {
	t := watcher.Target{
		Resource: kind.Lease.Resource(), Namespace: e.o.Namespace,
		Fields: fields.OneTermEqualSelector("metadata.name", e.o.Name).String(),
	}
	watcher.NewStream(e.server, t, leaseChanges{e.pokes}, watcher.StreamOptions{Logger: e.log}).Run(ctx)
}

// leaseChanges tells that the Lease has changed. How, the elector reads by itself.
type leaseChanges struct{ pokes chan<- struct{} }

// Handle implements watcher.Handler.
func (l leaseChanges) Handle(watcher.Delta) {
	select {
	case l.pokes <- struct{}{}:
	default: // it is to look already
	}
}

// Synced implements watcher.Handler.
func (leaseChanges) Synced(string, bool) {}

// StateChanged implements watcher.Handler.
func (leaseChanges) StateChanged(watcher.State) {}
