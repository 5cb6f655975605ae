package web

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/go-logr/logr"
)

// How long one request may take. Handlers that need longer move the deadlines of their own connection.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	writeTimeout  = 30 * time.Second
	idleTimeout   = 30 * time.Second
	stopTimeout   = 2 * time.Second
)

// headerBytes is how long a request's headers may be; net/http adds 4 KiB.
const headerBytes = 8 << 10

// Options are the settings of one address.
type Options struct {
	Handler http.Handler
	// Connections is how many are open at most. One more closes another: see connections.
	Connections int
	// KeepAlive lets a client use a connection for several requests. Probes do not.
	KeepAlive bool
	Logger    logr.Logger
}

// Serve answers requests until the returned function is called, which returns when the last connection is closed, after two
// seconds at most.
func Serve(l net.Listener, o Options) (stop func(context.Context)) {
	open := connections{limit: o.Connections, log: o.Logger, all: map[net.Conn]*connection{}}
	srv := &http.Server{
		Handler:           o.Handler,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: headerBytes,
		ConnState:      open.state,
		ErrorLog:       log.New(logWriter{o.Logger}, "", 0),
	}
	srv.SetKeepAlivesEnabled(o.KeepAlive)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			o.Logger.Error(err, "the HTTP address does not answer any more")
		}
	}()
	return func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			_ = srv.Close() // a request takes longer
		}
		<-done
	}
}

// logWriter takes what net/http logs of connections, one line at a time: clients cause these lines, so they are for debugging.
type logWriter struct{ log logr.Logger }

// Write implements io.Writer.
func (w logWriter) Write(line []byte) (int, error) {
	w.log.V(1).Info("http server", "message", string(line))
	return len(line), nil
}
