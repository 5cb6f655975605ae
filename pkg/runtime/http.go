package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	httpHeaderTimeout = 10 * time.Second
	httpStopTimeout   = 2 * time.Second
)

// Handler serves /healthz, /readyz, /metrics and /debug: what Options.HTTPAddress serves, for programs
// that have a server of their own. /readyz?strict=1 fails for a single blocked stream too. /debug/pprof
// answers requests from the same machine only, since a heap may hold Secrets.
func (r *Runtime) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", probe(func(b *bytes.Buffer) bool { return r.health.live(b) }))
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, req *http.Request) {
		strict := req.URL.Query().Get("strict") == "1"
		probe(func(b *bytes.Buffer) bool { return r.health.ready(b, strict) })(w, req)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(r.o.Registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, r.Snapshot()) })
	mux.HandleFunc("GET /debug/plan", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, r.Plan()) })
	mux.Handle("GET /debug/pprof/", loopback(pprof.Index))
	mux.Handle("GET /debug/pprof/profile", loopback(pprof.Profile))
	mux.Handle("GET /debug/pprof/symbol", loopback(pprof.Symbol))
	mux.Handle("GET /debug/pprof/trace", loopback(pprof.Trace))
	return mux
}

// probe answers 200 or 503 with one line for each thing that was looked at.
func probe(ask func(*bytes.Buffer) bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var text bytes.Buffer
		code, verdict := http.StatusOK, "ok"
		if !ask(&text) {
			code, verdict = http.StatusServiceUnavailable, "not ok"
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(code)
		_, _ = fmt.Fprintf(w, "%s%s\n", text.String(), verdict) // the reader may have gone
	}
}

// loopback refuses requests from other machines.
func loopback(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		host, _, err := net.SplitHostPort(req.RemoteAddr)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
			http.Error(w, "profiles are served to this machine only: use a port-forward", http.StatusForbidden)
			return
		}
		h(w, req)
	})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) //nolint:errchkjson // the reader may have gone; the types are ours
}

// listen opens the address, so that one that is taken is an error at once. It returns how to end it.
func (r *Runtime) listen(ctx context.Context) (stop func(), err error) {
	if r.o.HTTPAddress == "" {
		return func() {}, nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", r.o.HTTPAddress)
	if err != nil {
		return nil, fmt.Errorf("serve health and metrics on %q: %w; choose another address with --http, or none with --http=\"\"", r.o.HTTPAddress, err)
	}
	srv := &http.Server{Handler: r.Handler(), ReadHeaderTimeout: httpHeaderTimeout}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			r.log.Error(err, "health and metrics are not served any more")
		}
	}()
	r.log.Info("serving health and metrics", "address", l.Addr().String())
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), httpStopTimeout)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			_ = srv.Close() // a request outlasted its time
		}
		<-done
	}, nil
}
