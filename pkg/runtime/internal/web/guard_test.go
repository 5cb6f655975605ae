package web

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// request is one for a host, on a connection that was made to an address of this machine; empty: none.
func request(t *testing.T, host, to string, headers ...string) *http.Request {
	t.Helper()
	ctx := t.Context()
	if to != "" {
		ctx = context.WithValue(ctx, http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(to), Port: 8081})
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/debug", http.NoBody)
	r.Host = host
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func code(h http.Handler, r *http.Request) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// The address answers only requests that no name can have been pointed at.
func TestGuardHosts(t *testing.T) {
	h := Guard(http.HandlerFunc(fine), "my.name")
	for _, c := range []struct {
		host, to string
		fine     bool
	}{
		{"localhost:8081", "127.0.0.1", true},
		{"LOCALHOST", "127.0.0.1", true},
		{"localhost.:8081", "127.0.0.1", true},
		{"127.0.0.1:9999", "127.0.0.1", true}, // a port-forward has another port
		{"127.8.7.6", "127.0.0.1", true},
		{"[::1]:8081", "::1", true},
		{"[::1]", "::1", true},
		{"[::ffff:127.0.0.1]:1", "127.0.0.1", true},
		{"my.name:8081", "127.0.0.1", true},
		{"My.Name", "10.1.2.3", true},
		{"10.1.2.3:8081", "10.1.2.3", true}, // Prometheus asks the Pod's address
		{"10.96.0.7:8081", "10.1.2.3", true},
		{"[fd00::7]:8081", "fd00::1", true},
		{"localhost:8081", "", true},
		{"10.1.2.3:8081", "127.0.0.1", false},
		{"10.1.2.3:8081", "", false},
		{"evil.example:8081", "127.0.0.1", false},
		{"evil.example", "10.1.2.3", false},
		{"metrics.default.svc", "10.1.2.3", false},
		{"127.0.0.1.evil.example", "127.0.0.1", false},
		{"localhost.evil.example", "127.0.0.1", false},
		{"a.localhost", "127.0.0.1", false},
		{"0.0.0.0:8081", "127.0.0.1", false},
		{"0.0.0.0:8081", "10.1.2.3", false},
		{"[::]:8081", "10.1.2.3", false},
		{"127.1", "127.0.0.1", false},
		{"", "127.0.0.1", false},
		{":8081", "127.0.0.1", false},
		{"my.name.evil.example", "127.0.0.1", false},
	} {
		if got := code(h, request(t, c.host, c.to)); (got == http.StatusOK) != c.fine {
			t.Errorf("Host %q on %q: %d, want it answered: %t", c.host, c.to, got, c.fine)
		}
		// X-Forwarded headers, from a proxy or from a client that pretends to be one, change nothing.
		said := request(t, c.host, c.to, "X-Forwarded-Host", "localhost", "X-Forwarded-For", "127.0.0.1", "Forwarded", "host=localhost")
		if got := code(h, said); (got == http.StatusOK) != c.fine {
			t.Errorf("Host %q on %q, forwarded: %d, want it answered: %t", c.host, c.to, got, c.fine)
		}
	}
	if got := code(Guard(http.HandlerFunc(fine)), request(t, "", "127.0.0.1")); got != http.StatusForbidden {
		t.Errorf("without a host: %d", got)
	}
}

// A page of another origin gets no answer, whatever a browser sends for it.
func TestGuardOrigins(t *testing.T) {
	h := Guard(http.HandlerFunc(fine))
	for _, c := range []struct {
		headers []string
		fine    bool
	}{
		{nil, true}, // no browser
		{[]string{"Sec-Fetch-Site", "none"}, true},
		{[]string{"Sec-Fetch-Site", "same-origin", "Origin", "http://localhost:8081"}, true},
		{[]string{"Origin", "http://LOCALHOST:8081"}, true},
		{[]string{"Sec-Fetch-Site", "same-site"}, false}, // another port
		{[]string{"Sec-Fetch-Site", "cross-site"}, false},
		{[]string{"Sec-Fetch-Site", "something new"}, false},
		{[]string{"Origin", "http://localhost:3000"}, false},
		{[]string{"Origin", "https://evil.example"}, false},
		{[]string{"Origin", "null"}, false},
		{[]string{"Origin", ""}, false},
		{[]string{"Origin", "http://localhost:8081", "Origin", "https://evil.example"}, false},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request(t, "localhost:8081", "127.0.0.1", c.headers...))
		if (w.Code == http.StatusOK) != c.fine {
			t.Errorf("%q: %d, want it answered: %t", c.headers, w.Code, c.fine)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "" || w.Header().Get("Cross-Origin-Resource-Policy") != "same-origin" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%q: headers %v", c.headers, w.Header())
		}
	}
}

func TestLocalOnly(t *testing.T) {
	h := LocalOnly(http.HandlerFunc(fine))
	for _, c := range []struct {
		from, to, host string
		fine           bool
	}{
		{"127.0.0.1:5", "127.0.0.1", "localhost:8081", true},
		{"[::1]:5", "::1", "[::1]:8081", true},
		{"127.0.0.1:5", "", "127.0.0.1", true},
		{"10.1.2.3:5", "10.1.2.4", "10.1.2.4:8081", false},
		{"10.1.2.3:5", "10.1.2.4", "localhost", false},
		{"127.0.0.6:5", "10.1.2.4", "localhost", false}, // a service mesh's proxy hands on what comes from elsewhere
		{"127.0.0.1:5", "127.0.0.1", "my.name", false},
		{"nonsense", "127.0.0.1", "localhost", false},
		{"", "127.0.0.1", "localhost", false},
	} {
		r := request(t, c.host, c.to, "X-Forwarded-For", "127.0.0.1", "X-Real-Ip", "127.0.0.1")
		r.RemoteAddr = c.from
		if got := code(h, r); (got == http.StatusOK) != c.fine {
			t.Errorf("from %s to %s for %s: %d, want it answered: %t", c.from, c.to, c.host, got, c.fine)
		}
	}
}

func TestBusy(t *testing.T) {
	in, out := make(chan struct{}), make(chan struct{})
	h := Busy(2, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in <- struct{}{}
		<-out
		fine(w, r)
	}))
	codes := make(chan int)
	for range 2 {
		r := request(t, "localhost", "")
		go func() { codes <- code(h, r) }()
		<-in
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request(t, "localhost", ""))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("a third request: %d, %v", w.Code, w.Header())
	}
	close(out)
	for range 2 {
		if c := <-codes; c != http.StatusOK {
			t.Error(c)
		}
	}
	go func() { <-in }()
	if c := code(h, request(t, "localhost", "")); c != http.StatusOK {
		t.Errorf("after the others: %d", c)
	}
}
