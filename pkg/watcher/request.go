package watcher

import (
	"context"
	"io"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// Media is a form of answer that is asked for; the next is tried when the server refuses one.
type Media uint8

// The forms, from the one that is tried first.
const (
	MediaPreferred Media = iota // protobuf, then JSON, whatever of it the resource has
	MediaJSON                   // JSON alone; skipped where that was the preferred form
	MediaPlain                  // JSON of the whole object, where metadata alone was refused
)

// accept is the Accept header of this form; empty when the resource does not have it.
func (m Media) accept(r kind.Resource, list bool) string { return "application/json" }

// WatchParams are the parameters of a watch.
type WatchParams struct {
	RV      string        // to begin after; empty: the server's most recent state
	Initial bool          // ask for the present objects first, ended by a bookmark (KEP-3157)
	Timeout time.Duration // when the server shall end the watch, in whole seconds; 0: its own choice
}

// ListParams are the parameters of a list.
type ListParams struct {
	RV       string // empty: consistent; not sent together with Continue
	Match    string // resourceVersionMatch; not sent together with Continue
	Limit    int64  // items a page; 0: all
	Continue string // the token of the page before
}

// Response is the answer of a server to a list or a watch. The caller closes it.
type Response struct {
	Code        int         // HTTP status
	Header      http.Header // as received
	ContentType string      // what the body is
	Media       Media       // the form that was asked for, for RefuseMedia
	Body        io.ReadCloser
}

// Close ends the answer, and with it a watch. It may be called more than once, and while another goroutine reads.
func (r *Response) Close() error { return r.Body.Close() }

// OK tells whether the body is what was asked for, and not an error.
func (r *Response) OK() bool { return r.Code == http.StatusOK }

// Frames reads the events of a watch.
func (r *Response) Frames(o ReaderOptions) (WatchReader, error) {
	return wire.NewWatchReader(r.ContentType, r.Body, o)
}

// Items reads the items of a list.
func (r *Response) Items(o ReaderOptions) (ListReader, error) {
	return wire.NewListReader(r.ContentType, r.Body, o)
}

// Status reads the body of an error answer; never nil, its Code is that of the answer when the body has none.
func (r *Response) Status() *metav1.Status { return nil }

// RetryAfter is how long the answer asks to wait before the next request: the Retry-After header.
func (r *Response) RetryAfter(now time.Time) (time.Duration, bool) {
	return wire.RetryAfter(r.Header.Get("Retry-After"), now)
}

// Watch opens a watch of the target. An error means that no answer came; a refusal is an answer. The
// context bounds the whole life of the answer's body.
func (s *Server) Watch(ctx context.Context, t Target, p WatchParams) (*Response, error) {
	return nil, nil
}

// List requests one page of the target's objects. Errors and context are those of Watch.
func (s *Server) List(ctx context.Context, t Target, p ListParams) (*Response, error) {
	return nil, nil
}
