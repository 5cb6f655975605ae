package apiclient

import (
	"context"

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
func (s *Server) LookupAll(ctx context.Context, r kind.Resource, namespace string, each func(*wire.Meta)) error {
	l := s.selected(collectionPath(r, namespace), "", acceptMetadataList, wire.ReaderOptions{})
	return l.pages(ctx, func(f *wire.Frame) { each(&f.Meta) }, nil)
}
