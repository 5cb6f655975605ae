package watcher

import (
	"context"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// Discovery is what a server says about a resource.
type Discovery struct {
	Served       bool          // the version serves the plural, in the declared scope, with watch
	AnyVersion   bool          // some version of the group serves the plural: its objects still exist
	Message      string        // what is wrong and what would be right; empty when Served
	Alternatives []Alternative // what serves the kind or the plural instead, the asked version first
}

// Alternative is one way in which a server serves a kind.
type Alternative struct {
	Version, Plural, Kind string
	Namespaced, Watch     bool
}

// Discover asks the server whether, and as what, it serves a resource. It asks about the resource's own group
// alone, so that trouble with other groups does not matter. With an error nothing is known.
func (s *Server) Discover(ctx context.Context, r kind.Resource) (Discovery, error) {
	return Discovery{}, nil
}
