package watcher

import (
	"net/http"
	"net/url"

	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
)

// Requests to an API server. Each is documented with its fields and methods where it is defined.
type (
	// Server is one API server: where it is, how to talk to it, and what was learned about it. It is safe for
	// concurrent use; all streams to one server share one.
	Server = apiclient.Server
	// ServerOption is a setting of a Server.
	ServerOption = apiclient.ServerOption
	// Target is what one stream watches: the objects of a resource in a namespace that match two selectors.
	// It is comparable; equal targets share a stream. The selectors are in canonical form (labels.Selector and
	// fields.Selector print it: requirements sorted), which its maker sees to; empty selects everything.
	Target = apiclient.Target
	// WatchParams are the parameters of a watch.
	WatchParams = apiclient.WatchParams
	// ListParams are the parameters of a list.
	ListParams = apiclient.ListParams
	// Response is the answer of a server to a list or a watch. The caller closes it.
	Response = apiclient.Response
	// Discovery is what a server says about a resource.
	Discovery = apiclient.Discovery
	// Alternative is one way in which a server serves a kind or a plural.
	Alternative = apiclient.Alternative
)

// ErrUnnamedNotFound is about a 404 that does not name the object. An API server that lags behind, or is cut off from etcd, gives it for
// resources that it has not seen yet. Server.Patch returns it: the object was not patched.
var ErrUnnamedNotFound = apiclient.ErrUnnamedNotFound

// NewServer makes the Server that a client-go configuration describes. It opens no connection, and shares
// none of its later connections with other clients. It ignores the configuration's timeout and rate limits, because a stream has no end
// and a target makes few requests. With DisableCompression, it never asks for gzip. It returns errors of the
// configuration.
func NewServer(cfg *rest.Config, opts ...ServerOption) (*Server, error) {
	return apiclient.NewServer(cfg, opts...)
}

// NewServerForClient makes a Server of a base URL, whose path is put before every request's, and a client
// that must have no timeout. Redirects are refused.
func NewServerForClient(base *url.URL, client *http.Client, opts ...ServerOption) *Server {
	return apiclient.NewServerForClient(base, client, opts...)
}

// WithWarnings has warn called with the text of each warning of the server (Warning header, code 299), once
// for each text, from any goroutine. Default: warnings are dropped.
func WithWarnings(warn func(text string)) ServerOption { return apiclient.WithWarnings(warn) }

// WithCBOR asks for CBOR (KEP-4222) before JSON, of resources that do not come as protobuf. Default: CBOR is not asked
// for. The content type of each answer decides how it is read.
func WithCBOR() ServerOption { return apiclient.WithCBOR() }
