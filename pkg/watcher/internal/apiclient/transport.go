package apiclient

import (
	"net"
	"net/http"
	"time"

	"k8s.io/client-go/rest"
)

// receiveBuffer is how many bytes of one answer the HTTP/2 transport takes in before they are read. Its default is
// four times as much, which adds up over the streams whose handlers are busy; this is enough for 10 MB a second
// over a connection of 100 ms.
const receiveBuffer = 1 << 20

// The dialer's settings are those of client-go.
const dialTimeout = 30 * time.Second

// ownTransport gives a configuration a transport of its own: client-go shares one between all clients of equal
// configurations, but for those that dial by themselves. So what streams bring does not hold up the requests of
// other clients on the way, and settings of the transport do not change theirs. A transport that the configuration already has
// is used as it is.
func ownTransport(cfg *rest.Config) {
	users := cfg.Transport != nil
	if !users && cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: dialTimeout}).DialContext
	}
	outer := cfg.WrapTransport
	cfg.WrapTransport = nil
	cfg.Wrap(func(rt http.RoundTripper) http.RoundTripper {
		if t := innermost(rt); t != nil && t.HTTP2 == nil && !users {
			t.HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerStream: receiveBuffer}
		}
		return freshening{rt}
	})
	if outer != nil {
		cfg.Wrap(outer)
	}
}

// innermost is the transport that others are wrapped around; nil if it is not known.
func innermost(rt http.RoundTripper) *http.Transport {
	for {
		switch t := rt.(type) {
		case *http.Transport:
			return t
		case interface{ WrappedRoundTripper() http.RoundTripper }:
			rt = t.WrappedRoundTripper()
		default:
			return nil
		}
	}
}
