package watcher

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// maxErrorBody bounds how much of an error answer is read, in bytes.
const maxErrorBody = 1 << 20

// Response is the answer of a server to a list or a watch. The caller closes it. Its methods are called by one
// goroutine at a time, save Close.
type Response struct {
	Code        int           // HTTP status
	Header      http.Header   // as received
	ContentType string        // what the body is
	Media       Media         // the form that was asked for, for RefuseMedia
	Body        io.ReadCloser // without compression

	status *metav1.Status // once read
}

func newResponse(r *http.Response) *Response {
	body := r.Body
	if strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		body = &gunzip{body: r.Body, in: bufio.NewReader(r.Body)}
	}
	return &Response{Code: r.StatusCode, Header: r.Header, ContentType: r.Header.Get("Content-Type"), Body: body}
}

// Close ends the answer, and with it a watch. It may be called more than once, and while another goroutine reads.
func (r *Response) Close() error { return r.Body.Close() }

// OK tells whether the body is what was asked for, and not an error.
func (r *Response) OK() bool { return r.Code == http.StatusOK }

// Frames reads the events of a watch; errors are those of the Content-Type.
func (r *Response) Frames(o ReaderOptions) (WatchReader, error) {
	return wire.NewWatchReader(r.ContentType, r.Body, o)
}

// Items reads the items of a list; errors are those of the Content-Type.
func (r *Response) Items(o ReaderOptions) (ListReader, error) {
	return wire.NewListReader(r.ContentType, r.Body, o)
}

// Status reads the body of an error answer. It is never nil; its code is the HTTP status where the body has none.
func (r *Response) Status() *metav1.Status {
	if r.status == nil {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxErrorBody))
		r.status = wire.DecodeStatus(body, r.ContentType)
		if err != nil && r.status.Message == "" {
			r.status.Message = "the server's error answer broke off"
		}
		if r.status.Code == 0 {
			r.status.Code = int32(r.Code) //nolint:gosec // three digits
		}
		if r.status.Message == "" {
			r.status.Message = http.StatusText(r.Code)
		}
	}
	return r.status
}

// RetryAfter is how long the answer asks to wait before the next request, by its Retry-After header.
func (r *Response) RetryAfter(now time.Time) (time.Duration, bool) {
	return wire.RetryAfter(r.Header.Get("Retry-After"), now)
}

// gunzip reads concatenated gzip members, each to its last byte before it waits for the next one: the server
// ends a member when it flushes, and nothing may follow for minutes.
type gunzip struct {
	body   io.ReadCloser
	in     *bufio.Reader
	member *gzip.Reader
	inside bool // a member was begun and not ended
	err    error
}

// Read implements io.Reader.
func (g *gunzip) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for g.err == nil {
		if !g.inside {
			if g.err = g.begin(); g.err != nil {
				break
			}
		}
		n, err := g.member.Read(p)
		switch {
		case errors.Is(err, io.EOF):
			g.inside = false
		case err != nil:
			g.err = err
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, g.err
}

// begin reads the header of the next member; io.EOF when there is none.
func (g *gunzip) begin() error {
	if _, err := g.in.Peek(1); err != nil {
		return err
	}
	var err error
	if g.member == nil {
		g.member, err = gzip.NewReader(g.in)
	} else {
		err = g.member.Reset(g.in)
	}
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	if err == nil {
		g.member.Multistream(false)
		g.inside = true
	}
	return err
}

// Close closes the compressed body.
func (g *gunzip) Close() error { return g.body.Close() }
