package apiclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// ListAll reads all pages of a list of the target, beginning with the page that p asks for, each within 30 seconds. It calls each with one object
// after the other, which is good until it returns, and whole with the metadata of each page that is complete; an
// error of whole ends the list. A refusal is an *errors.StatusError of apimachinery's.
func (s *Server) ListAll(
	ctx context.Context, t Target, p ListParams, o wire.ReaderOptions, each func(*wire.Frame), whole func(wire.ListMeta) error,
) error {
	l := list{path: t.Path(), options: o, ask: func(ctx context.Context, token string) (*Response, error) {
		if token != "" {
			p.Continue = token
		}
		return s.List(ctx, t, p)
	}}
	return l.pages(ctx, each, whole)
}

// list is a list that is read page by page.
type list struct {
	path    string
	options wire.ReaderOptions
	ask     func(ctx context.Context, token string) (*Response, error) // requests the page of a token; "" is the first
}

// selected is the list of a path whose objects match a field selector, in the forms of accept.
func (s *Server) selected(path, selector, accept string, o wire.ReaderOptions) list {
	return list{path: path, options: o, ask: func(ctx context.Context, token string) (*Response, error) {
		q := Target{Fields: selector}.query()
		q.Set("limit", strconv.Itoa(lookupPage))
		if token != "" {
			q.Set("continue", token)
		}
		return s.get(ctx, path, q, accept, true)
	}}
}

// pages reads all pages; whole may be nil.
func (l list) pages(ctx context.Context, each func(*wire.Frame), whole func(wire.ListMeta) error) error {
	for token := ""; ; {
		meta, err := l.page(ctx, token, each)
		if err != nil {
			return err
		}
		if whole != nil {
			if err := whole(meta); err != nil {
				return err
			}
		}
		switch meta.Continue {
		case "":
			return nil
		case token:
			return fmt.Errorf("the list of %s leads in circles: a page names itself as the next", l.path)
		}
		token = meta.Continue
	}
}

// page reads one page.
func (l list) page(ctx context.Context, token string, each func(*wire.Frame)) (meta wire.ListMeta, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	resp, err := l.ask(ctx, token)
	if err != nil {
		return meta, err
	}
	defer func() { _ = resp.Close() }() // all that matters of it was read
	if !resp.OK() {
		return meta, &apierrors.StatusError{ErrStatus: *resp.Status()}
	}
	items, err := resp.Items(l.options)
	for err == nil {
		var f *wire.Frame
		if f, err = items.Next(); err == nil {
			each(f)
			f.Release()
		}
	}
	if !errors.Is(err, io.EOF) {
		return meta, fmt.Errorf("the list of %s: %w", l.path, err)
	}
	return items.Meta(), nil
}
