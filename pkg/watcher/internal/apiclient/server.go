package apiclient

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/internal/redirect"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/firsts"
)

// Server is one API server: where it is, how to talk to it, and what was learned about it. It is safe for
// concurrent use; all streams to one server share one.
type Server struct {
	base   string // the address with its path, without a slash at its end
	client *http.Client
	agent  string
	plain  bool // compressed answers are not asked for
	warn   func(text string)
	cbor   bool // may be asked for

	mu          sync.Mutex
	noWatchList map[string]time.Time       // when refused, by scope, see watchListScope
	noMedia     map[mediaRefusal]time.Time // when a form of answer was refused for a resource
	warned      firsts.Texts               // texts that were handed on
}

// refusalHolds is how long the server counts as refusing a form of answer, or a watch with initial events: servers, and what is
// between, change.
const refusalHolds = time.Hour

type mediaRefusal struct {
	resource kind.Resource
	media    Media
}

// ServerOption is a setting of a Server.
type ServerOption func(*Server)

// WithWarnings has warn called with the text of each warning of the server (Warning header, code 299), once
// for each text, from any goroutine. Default: warnings are dropped.
func WithWarnings(warn func(text string)) ServerOption {
	return func(s *Server) { s.warn = warn }
}

// WithoutCompression never asks the server for gzip. Default: snapshots are asked for compressed, which the API server
// gives for large ones, as they cross the wire in a fraction of the bytes, wake-ups, and even CPU time of the client;
// changes are not. An answer that comes as gzip is read either way.
func WithoutCompression() ServerOption {
	return func(s *Server) { s.plain = true }
}

// WithCBOR asks for CBOR (KEP-4222) before JSON, of resources that do not come as protobuf. Default: CBOR is not asked
// for. The content type of each answer decides how it is read, so that a server without CBOR, or one of several,
// does no harm.
func WithCBOR() ServerOption {
	return func(s *Server) { s.cbor = true }
}

// NewServer makes the Server that a client-go configuration describes. It opens no connection, and the connections that it
// will open are not shared with other clients. The
// configuration's timeout and rate limits are not used: a stream has no end of its own, and a target makes
// few requests. Its DisableCompression has the effect of WithoutCompression. It returns errors of the configuration.
func NewServer(cfg *rest.Config, opts ...ServerOption) (*Server, error) {
	if cfg == nil {
		return nil, errors.New("no client configuration was given: load one with rest.InClusterConfig or clientcmd")
	}
	own := rest.CopyConfig(cfg)
	own.Timeout = 0
	own.GroupVersion = nil
	own.APIPath = ""
	base, _, err := rest.DefaultServerUrlFor(own)
	if err != nil {
		return nil, fmt.Errorf("the server's address in the client configuration: %w", err)
	}
	ownTransport(own)
	client, err := rest.HTTPClientFor(own)
	if err != nil {
		return nil, fmt.Errorf("the client configuration: %w", err)
	}
	s := NewServerForClient(base, client, opts...)
	s.plain = s.plain || own.DisableCompression
	if own.UserAgent == "" { // else the client's transport sets it
		s.agent = rest.DefaultKubernetesUserAgent()
	}
	return s, nil
}

// NewServerForClient makes a Server of a base URL, whose path is put before every request's, and a client
// that must have no timeout. Tests give it a client whose transport follows a script. Whatever the client's own rule is,
// redirects are refused: the client's credentials would follow.
func NewServerForClient(base *url.URL, client *http.Client, opts ...ServerOption) *Server {
	at := *base
	at.RawQuery, at.ForceQuery, at.Fragment, at.RawFragment = "", false, "", ""
	own := *client
	own.Transport = redirect.Refuse(client.Transport)
	s := &Server{
		base: strings.TrimRight(at.String(), "/"), client: &own,
		noWatchList: map[string]time.Time{}, noMedia: map[mediaRefusal]time.Time{},
	}
	for _, o := range opts {
		o(s)
	}
	return s
}

// CloseIdleConnections closes connections that carry no request.
func (s *Server) CloseIdleConnections() { s.client.CloseIdleConnections() }

// WatchListRefused reports whether RefuseWatchList was called for this resource's server within the last hour: after that
// Ancho retries a watch with initial events.
func (s *Server) WatchListRefused(r kind.Resource) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return recent(s.noWatchList[""]) || recent(s.noWatchList[watchListScope(r)])
}

// RefuseWatchList remembers that a watch with initial events does not work for this resource, so that lists
// are used instead. It then holds for all resources of the server that answered: for a built-in group that is
// everything; another group may be served by an aggregated server of its own, and speaks for its version alone. It
// holds for an hour.
func (s *Server) RefuseWatchList(r kind.Resource) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noWatchList[watchListScope(r)] = time.Now()
}

// watchListScope is the empty string for groups that the main API server serves itself: their names have no
// dot, which those of custom and aggregated resources must have.
func watchListScope(r kind.Resource) string {
	if !strings.Contains(r.Group, ".") {
		return ""
	}
	return r.Group + "/" + r.Version
}

// RefuseMedia remembers that the server does not give this resource in this form (status 406, or an answer
// that cannot be read). It reports whether another form is left to ask for; if none is, all are asked for again in
// turn. A refusal holds for an hour.
func (s *Server) RefuseMedia(r kind.Resource, m Media) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noMedia[mediaRefusal{r, m}] = time.Now()
	_, ok := s.pickMedia(r)
	return ok
}

// MediaDoubted reports whether a form that is asked for was refused before, more than an hour ago.
func (s *Server) MediaDoubted(r kind.Resource, m Media) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.noMedia[mediaRefusal{r, m}]
	return ok
}

// recent says whether a refusal still holds.
func recent(refused time.Time) bool {
	return !refused.IsZero() && time.Since(refused) < refusalHolds
}

// media is the form to ask for. When all were refused, it is the one whose refusal is the oldest: one of them may have been
// an odd answer.
func (s *Server) media(r kind.Resource) Media {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, _ := s.pickMedia(r)
	return m
}

// pickMedia is the best form that is not refused, or, not ok, the one whose refusal is the oldest.
func (s *Server) pickMedia(r kind.Resource) (best Media, ok bool) {
	var oldest time.Time
	for m := MediaPreferred; m <= MediaPlain; m++ {
		if m.accept(r, asMetadata, s.cbor) == "" {
			continue
		}
		refused := s.noMedia[mediaRefusal{r, m}]
		if !recent(refused) {
			return m, true
		}
		if oldest.IsZero() || refused.Before(oldest) {
			best, oldest = m, refused
		}
	}
	return best, false
}
