package web

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Guard refuses what a web page could make a browser send (403): requests for a host that is not this machine, whose name
// somebody has pointed here (DNS rebinding), and requests from another origin. A host is accepted if it is localhost, a loopback
// address, or one of names; on a connection that came to another address than loopback also any IP address, since no name was
// looked up for it.
func Guard(next http.Handler, names ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		switch {
		case !hostAllowed(r, names):
			http.Error(w, "this address answers requests for localhost, a loopback address, and what --admin names: not for this Host", http.StatusForbidden)
		case crossOrigin(r):
			http.Error(w, "this address does not answer pages of other origins", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// LocalOnly refuses requests from other machines (403), also requests that a proxy of this machine hands on to an address of the
// network: what it guards may hold Secrets.
func LocalOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !from.Addr().Unmap().IsLoopback() || !cameByLoopback(r) || !loopbackHost(hostOf(r)) {
			http.Error(w, "profiles are served to this machine only: use kubectl port-forward", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostOf is the host that a request is for, in lower case, without port and brackets.
func hostOf(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	} else if inner, found := strings.CutPrefix(host, "["); found {
		host = strings.TrimSuffix(inner, "]")
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

func hostAllowed(r *http.Request, names []string) bool {
	host := hostOf(r)
	if loopbackHost(host) {
		return true
	}
	for _, name := range names {
		if host != "" && strings.EqualFold(host, name) {
			return true
		}
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && !ip.IsUnspecified() && !cameByLoopback(r)
}

func loopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// cameByLoopback tells whether the request's connection was made to a loopback address. Where that is not known, it counts as one.
func cameByLoopback(r *http.Request) bool {
	at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return true
	}
	to, err := netip.ParseAddrPort(at.String())
	return err != nil || to.Addr().Unmap().IsLoopback()
}

// crossOrigin tells whether a browser says that a page of another origin makes the request. Another port of the same host is
// another origin. Other clients say nothing.
func crossOrigin(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return true
	}
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return false
	}
	u, err := url.Parse(origins[0])
	return len(origins) > 1 || err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host)
}
