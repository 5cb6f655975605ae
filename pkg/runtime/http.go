package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/observe"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/web"
)

// How many connections an address holds open. The kubelet needs one at a time, Prometheus and people a few.
const (
	healthConnections = 128
	adminConnections  = 32
)

// How many requests for one path run at a time on the admin address.
const (
	scrapesAtOnce   = 4
	snapshotsAtOnce = 2
)

// Handler serves /healthz and /readyz, which Options.HTTPAddress serves, for programs that have a server of their own.
// /readyz?strict=1 fails for a single blocked stream too. Its answers name streams and what the API server says of them.
func (r *Runtime) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", observe.Probe(func(b *bytes.Buffer) bool { return r.health.Live(b) }))
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, req *http.Request) {
		strict := req.URL.Query().Get("strict") == "1"
		observe.Probe(func(b *bytes.Buffer) bool { return r.health.Ready(b, strict) })(w, req)
	})
	return mux
}

// AdminHandler serves /metrics, /debug, /debug/plan and /debug/pprof/, which Options.AdminAddress serves, for programs that have a
// server of their own. It has no authentication.
//
// Like the address it refuses what a web page could make a browser send: requests whose Host is neither localhost nor a loopback
// address (on a connection from another machine, nor an IP address), and requests of other origins. A program that serves it
// under a name, behind a check of its own, hands on a clone of the request with Host set to "localhost". /debug/pprof/ is for
// this machine only, since a heap may hold Secrets.
func (r *Runtime) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	metrics := promhttp.HandlerFor(r.o.Registry, promhttp.HandlerOpts{})
	mux.Handle("GET /metrics", web.Busy(scrapesAtOnce, metrics))
	mux.Handle("GET /debug", web.Busy(snapshotsAtOnce, http.HandlerFunc(r.serveSnapshot)))
	mux.HandleFunc("GET /debug/plan", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, r.Plan()) })
	mux.Handle("GET /debug/pprof/", web.LocalOnly(web.Profiles()))
	var names []string
	if host, _, err := net.SplitHostPort(r.o.AdminAddress); err == nil && host != "" {
		names = append(names, host)
	}
	return web.Guard(mux, names...)
}

// serveSnapshot answers with a page of the snapshot.
func (r *Runtime) serveSnapshot(w http.ResponseWriter, req *http.Request) {
	p, err := observe.PageFrom(req.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	writeJSON(w, r.board().Snapshot(p))
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) //nolint:errchkjson // the reader may have gone; the types are ours
}

// listen opens the addresses, so that one that is taken is an error at once. It returns how to close them.
func (r *Runtime) listen(ctx context.Context) (stop func(), err error) {
	stopHealth, err := r.listenAt(ctx, r.o.HTTPAddress, "http", "health", web.Options{
		Handler: r.Handler(), Connections: healthConnections,
	})
	if err != nil {
		return nil, err
	}
	stopAdmin, err := r.listenAt(ctx, r.o.AdminAddress, "admin", "metrics and debug", web.Options{
		Handler: r.AdminHandler(), Connections: adminConnections, KeepAlive: true,
	})
	if err != nil {
		stopHealth()
		return nil, err
	}
	return func() {
		stopAdmin()
		stopHealth()
	}, nil
}

// listenAt opens one address; an empty one serves nothing.
func (r *Runtime) listenAt(ctx context.Context, address, flag, what string, o web.Options) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve %s on %q: %w; choose another address with --%s, or none with --%[4]s=\"\"", what, address, err, flag)
	}
	at := l.Addr().String()
	o.Logger = r.log.WithValues("address", at)
	o.Logger.Info("serving " + what)
	if flag == "admin" {
		warnIfOpen(o.Logger, l.Addr())
	}
	end := web.Serve(l, o)
	return func() { end(ctx) }, nil
}

// warnIfOpen logs that other machines can reach the admin address.
func warnIfOpen(log logr.Logger, at net.Addr) {
	if tcp, ok := at.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		log.Info("other machines can read metrics and debug, which have no authentication: keep the port inside, for example with a NetworkPolicy")
	}
}
