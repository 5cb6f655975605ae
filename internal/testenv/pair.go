package testenv

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/ancho-dev/ancho/internal/proxy"
)

// secondName is the name of the second API server of a pair.
const secondName = "kube-apiserver-2"

// Pair is a control plane with two API servers on one etcd, behind one address,
// as a load balancer shows them. Both servers accept the same client
// certificates and service account tokens, and show the same certificate.
// Connections through the front reach the first server until UseSecond. The
// methods of Env start, stop and kill the first server.
type Pair struct {
	*Env
	// Front is the load balancer. Send and Drop are behind UseFirst and UseSecond.
	Front *proxy.Proxy
	// Etcd is the connection of the second server to etcd: Cut makes etcd
	// unreachable for it, Stall hangs its requests and freezes what it knows, Delay
	// makes it lag behind. The first server does not notice.
	Etcd *proxy.Proxy

	firstAddr, secondAddr string
}

// StartPair starts etcd and two API servers with the same options, and returns
// once both can be used. Like Start, it builds missing binaries first.
func StartPair(ctx context.Context, opts Options) (*Pair, error) {
	env, err := Start(ctx, opts)
	if err != nil {
		return nil, err
	}
	p := &Pair{Env: env}
	if err := p.start(ctx); err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return p, nil
}

func (p *Pair) start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	if p.Etcd, err = proxy.New(p.plane.Etcd.URL.Host); err != nil {
		return fmt.Errorf("stand between the second API server and etcd: %w", err)
	}
	second, err := p.startSecond()
	if err != nil {
		return p.explain("start the second API server", err)
	}
	p.firstAddr, p.secondAddr = serves(p.plane.APIServer), serves(second)
	if p.Front, err = proxy.New(p.firstAddr); err != nil {
		return fmt.Errorf("stand before the API servers: %w", err)
	}
	return p.waitReady(ctx, p.Second(p.Config))
}

// startSecond starts an API server that shares all keys and certificates with
// the first one.
func (p *Pair) startSecond() (*envtest.APIServer, error) {
	first := p.plane.APIServer
	s := &envtest.APIServer{
		CertDir:      first.CertDir,
		EtcdURL:      &url.URL{Scheme: p.plane.Etcd.URL.Scheme, Host: p.Etcd.Addr()},
		StartTimeout: startTimeout,
		StopTimeout:  stopTimeout,
		Out:          p.logs[secondName],
		Err:          p.logs[secondName],
	}
	s.Authn = first.Authn
	var err error
	if s.Path, err = writeLauncher(p.dir, p.binary, secondName, p.opts.APIServerEnv...); err != nil {
		return nil, err
	}
	// A token that one server issues is one of the other, too.
	s.Configure().Set("service-account-issuer", "https://"+serves(first)+"/")
	if err := configure(s, p.opts); err != nil {
		return nil, err
	}
	err = s.Start()
	return s, errors.Join(err, p.adoptOne(&p.second, secondName, s.Stop))
}

func serves(s *envtest.APIServer) string {
	return net.JoinHostPort(s.SecureServing.Address, s.SecureServing.Port)
}

// Behind returns the connection of cfg's user through the front. cfg is that of
// Config or User and is not changed.
func (p *Pair) Behind(cfg *rest.Config) *rest.Config { return at(cfg, p.Front.Addr()) }

// Second returns the connection of cfg's user to the second API server, past the
// front.
func (p *Pair) Second(cfg *rest.Config) *rest.Config { return at(cfg, p.secondAddr) }

func at(cfg *rest.Config, address string) *rest.Config {
	cfg = rest.CopyConfig(cfg)
	cfg.Host = "https://" + address + "/"
	return cfg
}

// UseFirst breaks the connections through the front and lets new ones reach the
// first API server.
func (p *Pair) UseFirst() { p.use(p.firstAddr) }

// UseSecond breaks the connections through the front and lets new ones reach the
// second API server.
func (p *Pair) UseSecond() { p.use(p.secondAddr) }

func (p *Pair) use(address string) {
	p.Front.Send(address)
	p.Front.Drop()
}

// Stop ends all servers and removes their data. A second call does nothing.
func (p *Pair) Stop() error {
	errs := []error{p.Env.Stop()}
	for _, between := range []*proxy.Proxy{p.Front, p.Etcd} {
		if between != nil {
			if err := between.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}
