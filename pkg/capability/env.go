package capability

import (
	"context"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// Env is what the program passes to a capability. A [Func] stores what its callbacks need and must not call the
// cluster itself, because plans are made without one.
type Env struct {
	// Config is the connection to the API server. Treat it as read-only; rest.CopyConfig makes a copy that you can
	// change. Clients that you make from it have their own rate limits. Unless the program's configuration sets QPS,
	// no client in or from Env is throttled.
	Config *rest.Config
	// Client reads and writes objects, without a cache. Its scheme knows every declared Go type. It finds the resource
	// of a declared or built-in kind without a request, and of other kinds by discovery, with the caller's context.
	// For a kind that the server does not serve it returns an error for which meta.IsNoMatchError holds, and not
	// apierrors.IsNotFound.
	Client client.Client
	// Recorder writes Kubernetes Events (events.k8s.io) about objects.
	Recorder events.EventRecorder
	// Logger is the program's logger. In a callback, use the logger of the context, which names the object.
	Logger logr.Logger
}

// Func makes a capability. The program calls it once, before it opens any stream.
type Func func(Env) *Capability

// Handler is your callback: Ancho calls it with one event of one object. The object belongs to the callback, which may
// change it. Return nil when done, or [RequeueAfter], [RetryAfter] or [Permanent]; Ancho retries after any other
// error, and after a panic, with exponential backoff. The context carries a logger. Ancho cancels it when the
// program's grace period ends, when the lease is lost, or when the binding's Timeout expires.
type Handler[T kind.Object] func(ctx context.Context, e Event[T]) error
