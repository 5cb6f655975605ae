package fake

import (
	"context"
	"io"
	"net/http"

	"k8s.io/client-go/rest"
)

// inProcess is the address of a server that has none. The domain is reserved (RFC 6761), so that it is never reached
// by mistake.
const inProcess = "http://fake.invalid"

// Config is a client configuration whose requests the server answers in the process, without a network: each by a
// goroutine that ends with its request. It works inside testing/synctest, where time passes only when clients and
// server have nothing to do. The configuration has no rate limit, and is the caller's to change.
func (s *Server) Config() *rest.Config {
	return &rest.Config{Host: inProcess, QPS: -1, Transport: roundTripper{s}}
}

// Direct is Config for who looks on: the requests meet none of the faults that Fault, Cut and the like cause, except StaleDelete.
func (s *Server) Direct() *rest.Config {
	return &rest.Config{Host: inProcess, QPS: -1, Transport: roundTripper{http.HandlerFunc(s.answerDirect)}}
}

// roundTripper hands requests to a handler.
type roundTripper struct{ handler http.Handler }

// RoundTrip returns when the handler has begun its answer, or the request's context is done. Closing the answer's body
// ends the handler, and waits for that.
func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		closeBody(r)
		return nil, err
	}
	ctx, cancel := context.WithCancel(r.Context())
	body, out := io.Pipe()
	w := newResponse(out)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		defer closeBody(r)
		//nolint:contextcheck // the client's context, not that which closing the answer ends too
		stop := context.AfterFunc(r.Context(), func() { _ = out.CloseWithError(r.Context().Err()) })
		defer stop()
		defer w.recover()
		t.handler.ServeHTTP(w, served(ctx, r))
		w.finish(r.Context().Err())
	}()
	select {
	case <-w.begun:
		if w.failed != nil {
			<-done
			return nil, w.failed
		}
		return w.response(r, &answerBody{PipeReader: body, cancel: cancel, done: done}), nil
	case <-r.Context().Done():
		_ = body.CloseWithError(r.Context().Err())
		return nil, r.Context().Err()
	}
}

// CloseIdleConnections is what http.Client looks for. There are none.
func (t roundTripper) CloseIdleConnections() {}

// served is the request as a server sees it.
func served(ctx context.Context, r *http.Request) *http.Request {
	in := r.Clone(ctx)
	in.RequestURI = r.URL.RequestURI()
	in.RemoteAddr = "in-process"
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	return in
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

// answerBody is the body of an answer, as its client reads it.
type answerBody struct {
	*io.PipeReader
	cancel context.CancelFunc
	done   <-chan struct{}
}

// Close ends the request.
func (b *answerBody) Close() error {
	b.cancel()
	err := b.PipeReader.Close()
	<-b.done
	return err
}
