package apiclient

import (
	"context"
	"net/http"

	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// freshKey marks the context of a request that must not use a connection that is open already.
type freshKey struct{}

// OverFresh has requests with this context open a connection of their own, so that a load balancer can hand them to
// another API server than the one that answered before.
func OverFresh(ctx context.Context) context.Context { return context.WithValue(ctx, freshKey{}, true) }

// IsFresh reports whether requests with the context use a connection of their own.
func IsFresh(ctx context.Context) bool { return ctx.Value(freshKey{}) != nil }

// freshening is a transport that obeys overFresh.
type freshening struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (f freshening) RoundTrip(r *http.Request) (*http.Response, error) {
	if !IsFresh(r.Context()) {
		return f.RoundTripper.RoundTrip(r)
	}
	t := innermost(f.RoundTripper)
	if t == nil { // a transport of a kind that Ancho does not know: net/http closes the connection after such a request
		r = r.Clone(r.Context())
		r.Close = true
		return f.RoundTripper.RoundTrip(r)
	}
	return alone(t).RoundTrip(r)
}

// alone is a transport like t for one request. A clone keeps using the HTTP/2 connections of t unless it sets up HTTP/2 by itself.
func alone(t *http.Transport) *http.Transport {
	out := t.Clone()
	out.DisableKeepAlives = true
	if _, http2 := out.TLSNextProto["h2"]; http2 {
		out.TLSNextProto, out.ForceAttemptHTTP2 = nil, true
	}
	return out
}

// CloseIdleConnections is what http.Client looks for.
func (f freshening) CloseIdleConnections() { utilnet.CloseIdleConnectionsFor(f.RoundTripper) }

// WrappedRoundTripper is what innermost looks for.
func (f freshening) WrappedRoundTripper() http.RoundTripper { return f.RoundTripper }
