package recording

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"

	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// Wrap returns a transport that notes what goes through it, for rest.Config's Wrap. It may be called more than once: all
// is in one recording.
func (r *Recorder) Wrap(next http.RoundTripper) http.RoundTripper { return transport{r, next} }

// transport notes requests and answers.
type transport struct {
	recorder *Recorder
	next     http.RoundTripper
}

// WrappedRoundTripper is how client-go finds the transport inside.
func (t transport) WrappedRoundTripper() http.RoundTripper { return t.next }

// CloseIdleConnections is what http.Client looks for.
func (t transport) CloseIdleConnections() { utilnet.CloseIdleConnectionsFor(t.next) }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	left := t.recorder.leftOut(r.URL)
	n := t.recorder.request(line{
		What: whatRequest, Method: r.Method, URL: r.URL.RequestURI(), Accept: r.Header.Get("Accept"), LeftOut: left,
	})
	resp, err := t.next.RoundTrip(r)
	switch {
	case left != "":
		return resp, err
	case err != nil && gaveUp(r.Context(), err):
		t.recorder.note(line{N: n, What: whatClosed})
		return resp, err
	case err != nil:
		t.recorder.note(line{N: n, What: whatFailed, Error: err.Error()})
		return resp, err
	}
	header := map[string][]string{}
	for _, name := range kept() {
		if values := resp.Header.Values(name); len(values) > 0 {
			header[name] = values
		}
	}
	t.recorder.note(line{N: n, What: whatAnswer, Status: resp.StatusCode, Header: header})
	if resp.StatusCode == http.StatusSwitchingProtocols { // of which the body is more than that
		return resp, nil
	}
	resp.Body = &body{ReadCloser: resp.Body, recorder: t.recorder, n: n, ctx: r.Context()}
	return resp, nil
}

// body notes what is read of an answer.
type body struct {
	io.ReadCloser
	recorder *Recorder
	n        int
	ctx      context.Context //nolint:containedctx // the request's
	ended    atomic.Bool
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 && !b.ended.Load() {
		b.recorder.note(line{N: b.n, What: whatData, Base64: bytes.Clone(p[:n])})
	}
	switch {
	case err == nil:
	case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		b.end(line{What: whatEnd})
	case gaveUp(b.ctx, err):
		b.end(line{What: whatClosed})
	default:
		b.end(line{What: whatEnd, Error: err.Error()})
	}
	return n, err
}

// Close implements io.Closer. It may be called while another goroutine reads.
func (b *body) Close() error {
	b.end(line{What: whatClosed})
	return b.ReadCloser.Close()
}

// end notes the end, once.
func (b *body) end(l line) {
	if b.ended.CompareAndSwap(false, true) {
		l.N = b.n
		b.recorder.note(l)
	}
}

// gaveUp tells whether an error is the program's own doing.
func gaveUp(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, context.Canceled)
}
