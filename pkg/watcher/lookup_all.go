package watcher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// lookupPage is how many objects a page of LookupAll has at most.
const lookupPage = 500

// acceptMetadataList asks for the metadata of many objects in the forms of acceptMetadata.
const acceptMetadataList = acceptProtobuf + asMetadataList + "," + acceptJSON + asMetadataList + "," + acceptJSON

// LookupAll reads the metadata of all objects of a namespace, or with namespace "" of the cluster, as they are in one
// state of the server that is not older than the call, page by page, each within 30 seconds. It calls each with one
// object after the other; what that is given is good until it returns. An error says that some were not read: a refusal
// is an *errors.StatusError of apimachinery's.
func (s *Server) LookupAll(ctx context.Context, r kind.Resource, namespace string, each func(*Meta)) error {
	of := pagesOf{path: collectionPath(r, namespace), accept: acceptMetadataList}
	return s.lookupPages(ctx, of, func(f *Frame) { each(&f.Meta) })
}

// pagesOf says what is listed, and in which form.
type pagesOf struct {
	path, selector, accept string
	options                wire.ReaderOptions
}

func (s *Server) lookupPages(ctx context.Context, of pagesOf, each func(*Frame)) error {
	q := url.Values{"limit": {strconv.Itoa(lookupPage)}}
	if of.selector != "" {
		q.Set("fieldSelector", of.selector)
	}
	for {
		token := q.Get("continue")
		next, err := s.lookupPage(ctx, of, q, each)
		if err != nil || next == "" {
			return err
		}
		if next == token {
			return fmt.Errorf("the list of %s leads in circles: a page names itself as the next", of.path)
		}
		q.Set("continue", next)
	}
}

// lookupPage reads one page, and returns the token of the next.
func (s *Server) lookupPage(ctx context.Context, of pagesOf, q url.Values, each func(*Frame)) (next string, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	resp, err := s.get(ctx, of.path, q, of.accept, true)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Close() }() // all that matters of it was read
	if !resp.OK() {
		return "", &apierrors.StatusError{ErrStatus: *resp.Status()}
	}
	items, err := resp.Items(of.options)
	for err == nil {
		var f *Frame
		if f, err = items.Next(); err == nil {
			each(f)
			f.Release()
		}
	}
	if !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("the list of %s: %w", of.path, err)
	}
	return items.Meta().Continue, nil
}
