package watcher

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
func (s *Server) Lookup(ctx context.Context, r kind.Resource, namespace, name string) (m Meta, found bool, err error) {
	path := collectionPath(r, namespace) + "/" + url.PathEscape(name)
	body, resp, err := s.document(ctx, path, acceptMetadata)
	if err != nil {
		return Meta{}, false, err
	}
	if !resp.OK() {
		status := resp.Status()
		if saysAbsent(status, name) {
			return Meta{}, false, nil
		}
		return Meta{}, false, &apierrors.StatusError{ErrStatus: *status}
	}
	if strings.HasPrefix(resp.ContentType, acceptProtobuf) {
		m, err = wire.ScanProtobuf(body, false)
	} else {
		m, err = wire.ScanJSON(body)
	}
	if err == nil && (m.Name != name || m.Namespace != namespace) {
		err = fmt.Errorf("it is about %s", m.Key())
	}
	if err != nil {
		return Meta{}, false, fmt.Errorf("the answer to the request for %s: %w", path, err)
	}
	return m, true, nil
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
	resp, err := s.get(ctx, path, nil, accept)
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
