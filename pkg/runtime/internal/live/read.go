package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Timeout bounds a live read, for which an object waits.
const Timeout = 30 * time.Second

// PageLimit is the number of objects asked for in one page of a list.
const PageLimit = 500

// Reader reads single objects live; it is a *watcher.Server.
type Reader interface {
	Lookup(ctx context.Context, r kind.Resource, namespace, name string) (watcher.Meta, bool, error)
	List(ctx context.Context, t watcher.Target, p watcher.ListParams) (*watcher.Response, error)
	Patch(ctx context.Context, r kind.Resource, namespace, name string, patch []byte, o watcher.ReaderOptions) (*watcher.Frame, error)
	LookupListed(ctx context.Context, r kind.Resource, namespace, name string) (watcher.Meta, bool, error)
	LookupAll(ctx context.Context, r kind.Resource, namespace string, each func(*watcher.Meta)) error
	Read(ctx context.Context, r kind.Resource, namespace, name string, o watcher.ReaderOptions) (*watcher.Frame, bool, error)
	ReadListed(ctx context.Context, r kind.Resource, namespace, name string, o watcher.ReaderOptions) (*watcher.Frame, bool, error)
}

// Read reads one object from the server. See getElseList.
func Read(ctx context.Context, s Reader, r kind.Resource, namespace, name string, o watcher.ReaderOptions) (*watcher.Frame, bool, error) {
	return getElseList(
		func() (*watcher.Frame, bool, error) { return s.Read(ctx, r, namespace, name, o) },
		func() (*watcher.Frame, bool, error) { return s.ReadListed(ctx, r, namespace, name, o) })
}

// LookUp reads the metadata of one object from the server. See getElseList.
func LookUp(ctx context.Context, s Reader, r kind.Resource, namespace, name string) (watcher.Meta, bool, error) {
	return getElseList(
		func() (watcher.Meta, bool, error) { return s.Lookup(ctx, r, namespace, name) },
		func() (watcher.Meta, bool, error) { return s.LookupListed(ctx, r, namespace, name) })
}

// getElseList reads one object: with get, or where that is forbidden by a list of its one name, for which a stream needs the permission,
// too. Where both are forbidden, the error names get.
func getElseList[T any](get, list func() (T, bool, error)) (T, bool, error) {
	out, found, err := get()
	if !apierrors.IsForbidden(err) {
		return out, found, err
	}
	listed, found, other := list()
	if apierrors.IsForbidden(other) {
		return out, false, err
	}
	return listed, found, other
}

// Page reads one page of a list and shows each object, which is valid only until show returns. A refusal of the server is a
// StatusError.
func Page(
	ctx context.Context, s Reader, t watcher.Target, p watcher.ListParams, o watcher.ReaderOptions, show func(*watcher.Frame),
) (meta watcher.ListMeta, err error) {
	resp, err := s.List(ctx, t, p)
	if err != nil {
		return meta, err
	}
	defer func() { err = errors.Join(err, resp.Close()) }()
	if !resp.OK() {
		return meta, &apierrors.StatusError{ErrStatus: *resp.Status()}
	}
	items, err := resp.Items(o)
	if err != nil {
		return meta, err
	}
	for {
		f, err := items.Next()
		if errors.Is(err, io.EOF) {
			return items.Meta(), nil
		}
		if err != nil {
			return meta, err
		}
		show(f)
		f.Release()
	}
}

// NeedsVerb names the right that is missing, where that is why a request failed.
func NeedsVerb(verb string, r kind.Resource, err error) error {
	if apierrors.IsForbidden(err) {
		return fmt.Errorf("this needs the verb %s on %s: %w", verb, r, err)
	}
	return err
}
