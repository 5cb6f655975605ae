package conformance

import (
	"context"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// Server is a server under test, and what can be done to it in addition to sending requests. A case that needs a field
// which is nil here must be listed as one that the server does not show.
type Server struct {
	// Config connects as somebody who may do everything.
	Config *rest.Config
	// Forget loses all history from before now, so that a resourceVersion from before is answered with 410. It
	// returns when the server answers again. Watches may end by it.
	Forget func(ctx context.Context) error
	// Install has a custom resource served, with a subresource for its status and a schema that takes any content. It
	// returns when the server serves it.
	Install func(ctx context.Context, k kind.Any) error
	// Withdraw deletes the definition of a custom resource. It need not wait for the end of that.
	Withdraw func(ctx context.Context, k kind.Any) error
	// User connects as somebody who may do nothing.
	User func(name string) (*rest.Config, error)
}

// Rig brings servers to cases.
type Rig struct {
	// Name stands for the server in the table and in Case.NotShownBy: "fake", "real".
	Name string
	// Serve calls use once with a server that serves Gizmo, and has nothing in it that an earlier call left in the way.
	// It is called by several tests at once, but for cases that need Forget. It may put them into a synctest bubble.
	Serve func(t *testing.T, use func(t *testing.T, s Server))
}

// Gizmo is the custom resource that every server has to serve: gizmos.example.com, in namespaces, with a subresource
// for its status and any content.
var Gizmo = kind.Unstructured(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Gizmo"})
