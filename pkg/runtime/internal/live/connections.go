package live

import "net/http"

// CloseIdle closes the client's connections that carry no request, where the transport is one that has them.
func CloseIdle(c *http.Client) {
	rt := c.Transport
	for {
		switch t := rt.(type) {
		case interface{ CloseIdleConnections() }:
			t.CloseIdleConnections()
			return
		case interface{ WrappedRoundTripper() http.RoundTripper }:
			rt = t.WrappedRoundTripper()
		default:
			return
		}
	}
}
