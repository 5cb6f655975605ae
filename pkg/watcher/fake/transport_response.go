package fake

import (
	"bufio"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// response is an http.ResponseWriter over a pipe. It is used by the handler's goroutine alone, but for begun and abort.
type response struct {
	header http.Header
	out    *io.PipeWriter
	buffer *bufio.Writer
	begin  sync.Once
	// begun is closed when code and sent are set and will not change, or failed is.
	begun  chan struct{}
	code   int
	sent   http.Header
	failed error // there is no answer
}

func newResponse(out *io.PipeWriter) *response {
	return &response{header: http.Header{}, out: out, buffer: bufio.NewWriter(out), begun: make(chan struct{})}
}

// Header implements http.ResponseWriter.
func (w *response) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. The client gets the answer from here on.
func (w *response) WriteHeader(code int) {
	w.begin.Do(func() {
		w.code, w.sent = code, w.header.Clone()
		close(w.begun)
	})
}

// Write implements http.ResponseWriter.
func (w *response) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.buffer.Write(b)
}

// FlushError implements what http.ResponseController looks for.
func (w *response) FlushError() error {
	w.WriteHeader(http.StatusOK)
	return w.buffer.Flush()
}

// finish ends the answer. What the client broke off does not look like a clean end.
func (w *response) finish(broken error) {
	w.WriteHeader(http.StatusOK)
	_ = w.buffer.Flush() // else the client has gone
	_ = w.out.CloseWithError(broken)
}

// abort breaks the connection off. It may be called by any goroutine.
func (w *response) abort(err error) {
	w.begin.Do(func() {
		w.failed = err
		close(w.begun)
	})
	_ = w.out.CloseWithError(err)
}

// recover is deferred around a handler: one that panics with http.ErrAbortHandler breaks off.
func (w *response) recover() {
	switch p := recover(); p {
	case nil:
	case http.ErrAbortHandler:
		w.abort(errBroken)
	default:
		panic(p)
	}
}

// response is what the client gets; after begun.
func (w *response) response(r *http.Request, body io.ReadCloser) *http.Response {
	length, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64)
	if err != nil {
		length = -1
	}
	return &http.Response{
		Status: strconv.Itoa(w.code) + " " + http.StatusText(w.code), StatusCode: w.code,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: body, ContentLength: length, Request: r,
	}
}
