package capability

import (
	"context"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// Env is what the program hands to a capability. A [Func] stores what its callbacks need of it and
// must not call the cluster itself: plans are made without one.
type Env struct {
	// Config is how the program reaches the API server. Treat it as read-only; rest.CopyConfig
	// gives a copy to change. A client that you make from it has limits of its own: without QPS in the configuration that
	// the program was given, no client in or from Env is throttled.
	Config *rest.Config
	// Client reads and writes objects, uncached. Its scheme knows every declared Go type. It finds the resource of a declared or
	// built-in kind without a request, and of others by discovery, with the caller's context. A kind that the server does
	// not serve is an error for which meta.IsNoMatchError holds, and not apierrors.IsNotFound.
	Client client.Client
	// Recorder writes events (events.k8s.io) about objects.
	Recorder events.EventRecorder
	// Logger is the program's logger. Callbacks find one that names their object in the context.
	Logger logr.Logger
}

// Func makes a capability. The program calls it once, before anything runs.
type Func func(Env) *Capability

// Handler is the user's function: it is called with one event of one object, which is its own to
// change. What its error means is said at [RequeueAfter], [RetryAfter] and [Permanent]; nil means
// done, and any other error is tried again with exponential backoff. The context carries a logger
// and ends with the program's grace period, the lease, or the binding's Timeout.
type Handler[T kind.Object] func(ctx context.Context, e Event[T]) error
