package conformance

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// follower is the production stream on a server, and what it told.
type follower struct {
	watcher.NoObserver
	*probe
	lines chan string
	cable *cable
}

// follow runs a stream until the case is over.
func (p *probe) follow(config *rest.Config, target watcher.Target) *follower {
	f := &follower{probe: p, lines: make(chan string, 10_000), cable: newCable()}
	config = rest.CopyConfig(config)
	config.Wrap(func(rt http.RoundTripper) http.RoundTripper {
		f.cable.RoundTripper = rt
		return f.cable
	})
	server, err := watcher.NewServer(config)
	p.must(err)
	ctx, cancel := context.WithCancel(p.ctx)
	stream := watcher.NewStream(server, target, f, watcher.StreamOptions{Observer: f, BackoffMax: time.Second})
	done := make(chan struct{})
	go func() {
		defer close(done)
		stream.Run(ctx)
	}()
	p.later(func() {
		cancel()
		<-done
		f.cable.pull()
		server.CloseIdleConnections()
	})
	return f
}

// followMaps follows the ConfigMaps of the case's namespace.
func (p *probe) followMaps() *follower {
	return p.follow(p.server.Config, watcher.Target{Resource: kind.ConfigMap.Resource(), Namespace: p.namespace})
}

// Handle notes a change.
func (f *follower) Handle(d watcher.Delta) {
	line := d.Kind.String() + " " + d.Entry.Name()
	if d.Relist {
		line += " by relist"
	}
	if d.Ambiguous {
		line += " perhaps"
	}
	f.lines <- line
}

// Synced notes that a snapshot is complete.
func (f *follower) Synced(string, bool) { f.lines <- "synced" }

// StateChanged notes that the stream is blocked.
func (f *follower) StateChanged(s watcher.State) {
	if s.Phase == watcher.Blocked {
		f.lines <- "blocked " + string(s.Reason)
	}
}

// Relist notes why a snapshot is read again.
func (f *follower) Relist(why watcher.Reason) { f.lines <- "relist " + string(why) }

// tells wants the stream to tell these lines, in any order as far as they are of one snapshot, and nothing else. That
// the server cannot be reached, and that a resource is still not served, is passed over.
func (f *follower) tells(want ...string) {
	var got []string
	for len(got) < len(want) {
		select {
		case line := <-f.lines:
			if line != "blocked "+string(watcher.ReasonUnreachable) {
				got = append(got, line)
			}
		case <-f.ctx.Done():
			f.fatalf("told %q, want %q", got, want)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		f.fatalf("told %q, want %q", got, want)
	}
}

// until passes over what the stream tells up to a line.
func (f *follower) until(want string) {
	for {
		select {
		case line := <-f.lines:
			if line == want {
				return
			}
		case <-f.ctx.Done():
			f.fatalf("never told %q", want)
		}
	}
}

// wait lets some time pass.
func (p *probe) wait() {
	timer := time.NewTimer(100 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.ctx.Done():
		p.fatalf("what should come did not come: %v", p.ctx.Err())
	}
}

// cable is a transport that counts the requests it carries, and can be pulled out.
type cable struct {
	http.RoundTripper

	mu      sync.Mutex
	pulled  context.Context
	cut     context.CancelFunc
	asked   []string
	timeout string // in place of the one that watches ask for
}

func newCable() *cable {
	c := &cable{}
	c.plug()
	return c
}

func (c *cable) plug() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pulled, c.cut = context.WithCancel(context.Background())
}

// pull ends all requests, and refuses what comes until plug.
func (c *cable) pull() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut()
}

// requests are the queries of the requests that were made.
func (c *cable) requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.asked)
}

var errPulled = errors.New("the cable is pulled out")

// RoundTrip carries a request.
func (c *cable) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	pulled := c.pulled
	if pulled.Err() == nil {
		c.asked = append(c.asked, r.URL.RawQuery)
	}
	timeout := c.timeout
	c.mu.Unlock()
	if pulled.Err() != nil {
		return nil, errPulled
	}
	ctx, cancel := context.WithCancel(r.Context())
	context.AfterFunc(pulled, cancel) //nolint:contextcheck // two contexts end a request, and this is the other
	r = r.Clone(ctx)
	if q := r.URL.Query(); timeout != "" && q.Get("watch") == "true" {
		q.Set("timeoutSeconds", timeout)
		r.URL.RawQuery = q.Encode()
	}
	resp, err := c.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &pullable{ReadCloser: resp.Body, pulled: pulled}
	return resp, nil
}

// pullable is an answer of which nothing arrives once the cable is pulled out: that requests end takes a moment.
type pullable struct {
	io.ReadCloser
	pulled context.Context //nolint:containedctx // it is what is asked
}

func (b *pullable) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into)
	if b.pulled.Err() != nil {
		return 0, errPulled
	}
	return n, err
}
