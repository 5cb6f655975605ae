//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"k8s.io/client-go/rest"
)

// Directions, as the proxy names them: from the server to the program, and back.
const (
	down = "downstream"
	up   = "upstream"
)

type attributes map[string]int

// toxic is one thing that the proxy does to connections, as its documentation has it.
type toxic struct {
	Type       string     `json:"type"`
	Stream     string     `json:"stream"`
	Toxicity   float64    `json:"toxicity"` // the part of the connections that it befalls
	Attributes attributes `json:"attributes"`
}

func (x toxic) String() string { return fmt.Sprintf("%s %s %v", x.Type, x.Stream, x.Attributes) }

// faultyNetwork is the way from a program to the server. Each fault has a proxy of its own, and its end breaks what is
// open: to change what befalls a connection while the proxy may be closing it can block the proxy for good.
type faultyNetwork struct {
	server string
	api    *toxiproxy.ApiServer
	dials  atomic.Int64

	mu sync.Mutex
	at *toxiproxy.Proxy
}

// faulty lets a configuration reach its server through a network that has no faults yet. The server keeps its address
// for the client, and so the name that its certificate is checked for.
func faulty(t *testing.T, cfg *rest.Config) (*rest.Config, *faultyNetwork) {
	t.Helper()
	to, err := url.Parse(cfg.Host)
	must(t, err)
	n := &faultyNetwork{server: to.Host, api: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())}
	if to.Host == "" {
		n.server = cfg.Host // no URL, but an address
	}
	host, _, err := net.SplitHostPort(n.server)
	must(t, err)
	n.suffer(t, fault{})
	t.Cleanup(func() { n.replace(nil) })
	out := rest.CopyConfig(cfg)
	out.ServerName = host
	out.Dial = n.dial
	return out, n
}

// suffer begins a fault and ends the one before.
func (n *faultyNetwork) suffer(t *testing.T, f fault) {
	t.Helper()
	p := toxiproxy.NewProxy(n.api, t.Name(), "127.0.0.1:0", n.server)
	for i, x := range f {
		raw, err := json.Marshal(struct {
			toxic
			Name string `json:"name"`
		}{x, fmt.Sprint(i)})
		must(t, err)
		_, err = p.Toxics.AddToxicJson(bytes.NewReader(raw))
		must(t, err)
	}
	must(t, p.Start())
	n.replace(p)
}

func (n *faultyNetwork) replace(p *toxiproxy.Proxy) {
	n.mu.Lock()
	old := n.at
	n.at = p
	n.mu.Unlock()
	if old != nil {
		old.Stop()
	}
}

func (n *faultyNetwork) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	n.mu.Lock()
	at := n.at
	n.mu.Unlock()
	if at == nil {
		return nil, net.ErrClosed
	}
	n.dials.Add(1)
	var d net.Dialer
	return d.DialContext(ctx, network, at.Listen)
}
