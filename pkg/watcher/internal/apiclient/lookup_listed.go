package apiclient

import (
	"context"

	"k8s.io/apimachinery/pkg/fields"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// LookupListed is Lookup by a list of that one name, for accounts that may list and not get.
func (s *Server) LookupListed(ctx context.Context, r kind.Resource, namespace, name string) (m wire.Meta, found bool, err error) {
	err = s.listed(ctx, r, namespace, name, acceptMetadataList, wire.ReaderOptions{}, func(f *wire.Frame) {
		m, found = f.Meta.Clone(), true
	})
	return m, found, err
}

// ReadListed is Read by a list of that one name, for accounts that may list and not get.
func (s *Server) ReadListed(ctx context.Context, r kind.Resource, namespace, name string, o wire.ReaderOptions) (f *wire.Frame, found bool, err error) {
	accept := s.media(r).accept(r, asMetadataList, s.cbor)
	o = wire.ReaderOptions{CutManagedFields: o.CutManagedFields}
	err = s.listed(ctx, r, namespace, name, accept, o, func(item *wire.Frame) {
		item.Retain() // its reader gives its own reference up; this one is the collector's
		f, found = item, true
	})
	if err != nil {
		return nil, false, err
	}
	return f, found, nil
}

// listed shows the object of that name, if it is in the list of that name.
func (s *Server) listed(
	ctx context.Context, r kind.Resource, namespace, name, accept string, o wire.ReaderOptions, show func(*wire.Frame),
) error {
	only := fields.OneTermEqualSelector(fieldName, name).String()
	return s.selected(collectionPath(r, namespace), only, accept, o).pages(ctx, func(f *wire.Frame) {
		if f.Meta.Name == name && f.Meta.Namespace == namespace {
			show(f)
		}
	}, nil)
}
