package apiclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// ErrUnnamedNotFound is about a 404 that does not name the object. An API server that lags behind, or is cut off from etcd, gives it for
// resources that it has not seen yet. Patch returns it: the object was not patched.
var ErrUnnamedNotFound = errors.New("its 404 does not name the object, which may exist")

// Patch sends a JSON merge patch (RFC 7386) of one object, within 30 seconds, and returns the object as it is then, in the
// form in which a stream of its resource would bring it. Of the options, CutManagedFields counts. A refusal is an
// *errors.StatusError of apimachinery's, that there is no such object among them: apierrors.IsNotFound holds only where the server
// names the object. A 404 for the resource is another error, since it says nothing about the object.
//
// The API server carries out a patch that holds metadata.resourceVersion only on that state of the object, and answers with
// a conflict otherwise.
func (s *Server) Patch(ctx context.Context, r kind.Resource, namespace, name string, patch []byte, o wire.ReaderOptions) (*wire.Frame, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	path := collectionPath(r, namespace) + "/" + url.PathEscape(name)
	req, err := http.NewRequestWithContext(ctx, http.MethodPatch, s.base+path, bytes.NewReader(patch))
	if err != nil {
		return nil, fmt.Errorf("the request for %s: %w", path, err)
	}
	req.Header.Set("Accept", s.media(r).accept(r, asMetadata, s.cbor))
	req.Header.Set("Content-Type", string(types.MergePatchType))
	req.Header.Set("Accept-Encoding", "identity")
	if s.agent != "" {
		req.Header.Set("User-Agent", s.agent)
	}
	raw, err := s.client.Do(req) //nolint:bodyclose // the Response closes it
	if err != nil {
		return nil, noAnswer(http.MethodPatch, path, err)
	}
	resp := newResponse(raw)
	defer func() { _ = resp.Close() }() // all that matters of it was read
	s.warnings(resp.Header.Values("Warning"))
	if !resp.OK() {
		return nil, unpatched(path, name, resp.Status())
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, wire.DefaultMaxFrame+1))
	if err != nil {
		return nil, fmt.Errorf("the answer to the patch of %s broke off: %w", path, err)
	}
	if len(body) > wire.DefaultMaxFrame {
		return nil, fmt.Errorf("the answer to the patch of %s: %w", path, &wire.FrameTooLargeError{Limit: wire.DefaultMaxFrame})
	}
	return frameOf(path, namespace, name, body, resp.ContentType, o.CutManagedFields)
}

// unpatched is the error of a patch that the server refused.
func unpatched(path, name string, said *metav1.Status) error {
	if said.Code == http.StatusNotFound && !saysAbsent(said, name) {
		return fmt.Errorf("the server does not serve %s: %w", path, ErrUnnamedNotFound)
	}
	return refusal(said)
}
