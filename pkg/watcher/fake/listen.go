package fake

import (
	"context"
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
	http    *http.Server
	running sync.WaitGroup
}

// Listen opens a port on the loopback interface that speaks HTTP/1.1 without TLS and asks nobody who they are. The
// port is the caller's to close. An error is that of the network.
func (s *Server) Listen() (*Port, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a port for the API server in memory: %w", err)
	}
	p := &Port{address: "http://" + l.Addr().String()}
	p.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, ConnState: p.count}
	p.running.Go(func() {
		_ = p.http.Serve(l) // ends by Close
	})
	return p, nil
}

// count keeps track of the connections, each of which ends after its request.
func (p *Port) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		p.running.Add(1) // by the goroutine that accepts, which is itself counted
	case http.StateClosed, http.StateHijacked:
		p.running.Done()
	}
}

// Config is a client configuration for the port. It has no rate limit, and is the caller's to change.
func (p *Port) Config() *rest.Config { return &rest.Config{Host: p.address, QPS: -1} }

// Kubeconfig is the text of a kubeconfig file whose only context leads to the port.
func (p *Port) Kubeconfig() []byte {
	const name = "fake"
	config := api.NewConfig()
	config.Clusters[name] = &api.Cluster{Server: p.address}
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
