package fake

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Port is a way to a server over the network of this machine, for programs that need one, such as kubectl.
type Port struct {
	address string
	ca      []byte // empty: no TLS
	http    *http.Server
	running sync.WaitGroup
}

// PortOption is a setting of a Port.
type PortOption func(*portOptions)

type portOptions struct{ tls bool }

// WithTLS makes the port serve TLS, with a certificate that Config and Kubeconfig make clients trust, and HTTP/2 to
// clients that support it, such as client-go. Default: HTTP/1.1, and HTTP/2 in plain text for clients that start with
// it.
func WithTLS() PortOption { return func(o *portOptions) { o.tls = true } }

// Listen opens a port on the loopback interface, without authentication. The caller has to close the port. It returns
// errors of the network.
func (s *Server) Listen(opts ...PortOption) (*Port, error) {
	var o portOptions
	for _, set := range opts {
		set(&o)
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a port for the API server in memory: %w", err)
	}
	p := &Port{address: "http://" + l.Addr().String()}
	p.http = &http.Server{Handler: p.counted(s), ReadHeaderTimeout: 10 * time.Second, ConnState: p.count, Protocols: &http.Protocols{}}
	p.http.Protocols.SetHTTP1(true)
	serve := p.http.Serve
	if o.tls {
		certificate, ca, err := newCertificate()
		if err != nil {
			_ = l.Close()
			return nil, fmt.Errorf("making a certificate for the API server in memory: %w", err)
		}
		p.address, p.ca = "https://"+l.Addr().String(), ca
		p.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		p.http.Protocols.SetHTTP2(true)
		serve = func(l net.Listener) error { return p.http.ServeTLS(l, "", "") }
	} else {
		p.http.Protocols.SetUnencryptedHTTP2(true)
	}
	p.running.Go(func() {
		_ = serve(l) // ends by Close
	})
	return p, nil
}

// counted keeps track of the requests: over HTTP/2 they may end after their connection.
func (p *Port) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.running.Add(1) // by a goroutine of a connection, which is itself counted
		defer p.running.Done()
		h.ServeHTTP(w, r)
	})
}

// count keeps track of the connections.
func (p *Port) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		p.running.Add(1) // by the goroutine that accepts, which is itself counted
	case http.StateClosed, http.StateHijacked:
		p.running.Done()
	}
}

// Config is a client configuration for the port. It has no rate limit, and is the caller's to change.
func (p *Port) Config() *rest.Config {
	return &rest.Config{Host: p.address, QPS: -1, TLSClientConfig: rest.TLSClientConfig{CAData: p.ca}}
}

// Kubeconfig is the text of a kubeconfig file whose only context leads to the port.
func (p *Port) Kubeconfig() []byte {
	const name = "fake"
	config := api.NewConfig()
	config.Clusters[name] = &api.Cluster{Server: p.address, CertificateAuthorityData: p.ca}
	config.AuthInfos[name] = &api.AuthInfo{}
	config.Contexts[name] = &api.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	text, err := clientcmd.Write(*config)
	if err != nil {
		panic(fmt.Sprintf("a kubeconfig with an address only cannot be written: %v", err))
	}
	return text
}

// Close ends all requests, and returns when none is left. The server itself stays as it is. A second call does nothing.
func (p *Port) Close() error {
	err := p.http.Close()
	p.running.Wait()
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
