package apiclient

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// requestTimeout bounds a request that is answered by one document.
const requestTimeout = 30 * time.Second

// acceptMetadata asks for the metadata of one object: in protobuf, which the server can write for every
// resource, else in JSON; the last is for servers that know whole objects only.
const acceptMetadata = acceptProtobuf + asMetadata + "," + acceptJSON + asMetadata + "," + acceptJSON

// Lookup reads the metadata of one object from the server's current state, within 30 seconds. found is false
// when there is no such object; a resource that is not served, and every other refusal, is an error, an
// *errors.StatusError of apimachinery's where the server answered.
func (s *Server) Lookup(ctx context.Context, r kind.Resource, namespace, name string) (m wire.Meta, found bool, err error) {
	f, found, err := s.one(ctx, r, namespace, name, acceptMetadata, false)
	if !found {
		return wire.Meta{}, false, err
	}
	return f.Meta.Clone(), true, nil // else it would keep all that was read
}

// Read reads one object from the server's current state, as a stream of its resource would bring it. Of the
// options, CutManagedFields counts. The results are the same as of Lookup.
func (s *Server) Read(ctx context.Context, r kind.Resource, namespace, name string, o wire.ReaderOptions) (f *wire.Frame, found bool, err error) {
	return s.one(ctx, r, namespace, name, s.media(r).accept(r, asMetadata, s.cbor), o.CutManagedFields)
}

func (s *Server) one(ctx context.Context, r kind.Resource, namespace, name, accept string, cut bool) (*wire.Frame, bool, error) {
	path := collectionPath(r, namespace) + "/" + url.PathEscape(name)
	body, resp, err := s.document(ctx, path, accept)
	if err != nil {
		return nil, false, err
	}
	if !resp.OK() {
		status := resp.Status()
		if saysAbsent(status, name) {
			return nil, false, nil
		}
		return nil, false, &apierrors.StatusError{ErrStatus: *status}
	}
	f, err := frameOf(path, namespace, name, body, resp.ContentType, cut)
	return f, err == nil, err
}

// frameOf makes a frame of the answer about one object.
func frameOf(path, namespace, name string, body []byte, contentType string, cut bool) (*wire.Frame, error) {
	f := &wire.Frame{Type: wire.Listed, Raw: body, Encoding: kind.JSON}
	switch {
	case strings.HasPrefix(contentType, acceptProtobuf):
		f.Encoding = kind.Protobuf
	case strings.HasPrefix(contentType, acceptCBOR):
		f.Encoding = kind.CBOR
	}
	if cut {
		f.Raw, f.Cut = wire.CutManagedFields(body, f.Encoding), true
	}
	err := wire.Scan(f.Raw, f.Encoding, &f.Meta)
	if err == nil && (f.Meta.Name != name || f.Meta.Namespace != namespace) {
		err = fmt.Errorf("it is about %s", f.Meta.Key())
	}
	if err != nil {
		return nil, fmt.Errorf("the answer to the request for %s: %w", path, err)
	}
	return f, nil
}

// saysAbsent tells whether the answer is about the object. A 404 of a resource that is not served is plain text.
func saysAbsent(s *metav1.Status, name string) bool {
	return s.Code == http.StatusNotFound && s.Reason == metav1.StatusReasonNotFound &&
		s.Details != nil && s.Details.Name == name
}

// document makes a request and reads the whole answer. The body is nil when the answer is a refusal, whose
// Status can be read from the response. Both are closed.
func (s *Server) document(ctx context.Context, path, accept string) ([]byte, *Response, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	resp, err := s.get(ctx, path, nil, accept, true)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Close() }() // all that matters of it was read
	if !resp.OK() {
		_ = resp.Status() // read while it is open
		return nil, resp, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, wire.DefaultMaxFrame+1))
	if err != nil {
		return nil, nil, fmt.Errorf("the answer to the request for %s broke off: %w", path, err)
	}
	if len(body) > wire.DefaultMaxFrame {
		return nil, nil, fmt.Errorf("the answer to the request for %s: %w", path, &wire.FrameTooLargeError{Limit: wire.DefaultMaxFrame})
	}
	return body, resp, nil
}
