package watcher

import (
	"context"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// Lookup reads the metadata of one object from the server's current state. found is false when there is no
// such object; a resource that is not served, and every other refusal, is an error (an apimachinery
// *errors.StatusError, so that its predicates work).
func (s *Server) Lookup(ctx context.Context, r kind.Resource, namespace, name string) (m Meta, found bool, err error) {
	return Meta{}, false, nil
}
