package apiclient

import (
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
	Compressed  bool          // it came compressed

	status *metav1.Status // once read
}

func newResponse(r *http.Response) *Response {
	out := &Response{Code: r.StatusCode, Header: r.Header, ContentType: r.Header.Get("Content-Type"), Body: r.Body}
	if out.Compressed = strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip"); out.Compressed {
		out.Body = newGunzip(r.Body)
	}
	return out
}

// Close ends the answer, and with it a watch. It may be called more than once, and while another goroutine reads.
func (r *Response) Close() error { return r.Body.Close() }

// OK reports whether the body is what was asked for, and not an error.
func (r *Response) OK() bool { return r.Code == http.StatusOK }

// Frames reads the events of a watch; it returns errors of the Content-Type.
func (r *Response) Frames(o wire.ReaderOptions) (wire.WatchReader, error) {
	return wire.NewWatchReader(r.ContentType, r.Body, o)
}

// Items reads the items of a list; it returns errors of the Content-Type.
func (r *Response) Items(o wire.ReaderOptions) (wire.ListReader, error) {
	return wire.NewListReader(r.ContentType, r.Body, o)
}

// Status reads the body of an error answer. It is never nil; its code is the HTTP status where the body is no Status of
// the API, or one without a code. Its kind is empty where the body does not say that it is a Status.
func (r *Response) Status() *metav1.Status {
	if r.status == nil {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxErrorBody))
		r.status = wire.DecodeStatus(body, r.ContentType)
		if err != nil && r.status.Message == "" {
			r.status.Message = "the server's error answer broke off"
		}
		if r.status.Code == 0 || r.status.Kind == "" {
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
