// Package redirect keeps a client's credentials from following a redirect. API servers do not redirect requests for their API, so
// that a redirect comes from something else: a proxy, a login page, or an aggregated API server that wants the token
// (CVE-2022-3172).
package redirect

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/ancho-dev/ancho/internal/plaintext"
)

// Error is the refusal of one redirect. Its text names both addresses without credentials, query and fragment.
type Error struct {
	Method string
	Code   int    // the HTTP status
	From   string // what was requested
	To     string // where the answer leads
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: redirected to %s (status %d): refused, since the program's credentials would follow. "+
		"API servers do not redirect: check the server's address and the proxies in between", e.Method, e.From, e.To, e.Code)
}

// Refuse returns a transport that answers a redirect with an *Error, for rest.Config's Wrap and for http.Client. Nil stands for
// http.DefaultTransport.
func Refuse(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return transport{next}
}

type transport struct{ next http.RoundTripper }

// WrappedRoundTripper is how client-go finds the transport inside.
func (t transport) WrappedRoundTripper() http.RoundTripper { return t.next }

// CloseIdleConnections is what http.Client looks for.
func (t transport) CloseIdleConnections() {
	for rt := t.next; rt != nil; {
		switch inner := rt.(type) {
		case interface{ CloseIdleConnections() }:
			inner.CloseIdleConnections()
			return
		case interface{ WrappedRoundTripper() http.RoundTripper }:
			rt = inner.WrappedRoundTripper()
		default: // somebody's own, which has no connections that are known
			return
		}
	}
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	if err != nil || !redirects(resp.StatusCode) {
		return resp, err
	}
	_ = resp.Body.Close() // unread: it may never end
	return nil, &Error{Method: r.Method, Code: resp.StatusCode, From: plain(r.URL), To: target(r.URL, resp.Header.Get("Location"))}
}

// redirects tells whether http.Client would follow an answer of this status.
func redirects(code int) bool {
	switch code {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// target is the address that a Location header names, which may be relative.
func target(from *url.URL, location string) string {
	if location == "" {
		return "an address that the answer does not name"
	}
	to, err := from.Parse(location)
	if err != nil {
		return "an address that cannot be read"
	}
	return plaintext.Bound(plain(to))
}

// plain is an address without what may be secret.
func plain(u *url.URL) string {
	bare := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath, Opaque: u.Opaque}
	return bare.String()
}
