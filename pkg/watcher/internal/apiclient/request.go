package apiclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/ancho-dev/ancho/internal/plaintext"
	"github.com/ancho-dev/ancho/internal/redirect"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// Media is a form of answer that is asked for; the next is tried when the server refuses one.
type Media uint8

// The forms, from the one that is tried first.
const (
	MediaPreferred Media = iota // protobuf where the resource has it, else CBOR where that is allowed, else JSON
	MediaJSON                   // JSON alone; only where the preferred form includes another
	MediaPlain                  // JSON of the whole object; only where metadata alone is preferred
)

const (
	acceptProtobuf = "application/vnd.kubernetes.protobuf"
	acceptJSON     = "application/json"
	acceptCBOR     = "application/cbor" // of a watch too, which is then answered as application/cbor-seq (KEP-4222)
	asMetadata     = ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
	asMetadataList = ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
)

// accept is the Accept header of this form; empty when the resource does not have it. The header names no
// fallback to whole objects: they would come from a server that merely prefers them. A server that does not know
// CBOR passes it over and answers in JSON.
func (m Media) accept(r kind.Resource, as string, cbor bool) string {
	if !r.Metadata {
		as = ""
	}
	switch {
	case m == MediaPreferred && r.Protobuf:
		return acceptProtobuf + as + "," + acceptJSON + as
	case m == MediaPreferred && cbor:
		return acceptCBOR + as + "," + acceptJSON + as
	case m == MediaPreferred, m == MediaJSON && (r.Protobuf || cbor):
		return acceptJSON + as
	case m == MediaPlain && r.Metadata:
		return acceptJSON
	}
	return ""
}

// WatchParams are the parameters of a watch.
type WatchParams struct {
	RV      string        // to begin after; empty: the server's most recent state
	Initial bool          // ask for the present objects first, ended by a bookmark (KEP-3157)
	Timeout time.Duration // when the server shall end the watch, in whole seconds; 0: its own choice
}

// ListParams are the parameters of a list.
type ListParams struct {
	RV       string // empty: consistent; not sent together with Continue
	Match    string // resourceVersionMatch; sent with RV only
	Limit    int64  // items a page; 0: all
	Continue string // the token of the page before
}

// Watch opens a watch of the target. An error means that no answer came; a refusal is an answer. The context
// bounds the whole life of the answer's body. Bookmarks are always asked for.
func (s *Server) Watch(ctx context.Context, t Target, p WatchParams) (*Response, error) {
	q := t.query()
	q.Set("watch", "true")
	q.Set("allowWatchBookmarks", "true")
	if p.RV != "" {
		q.Set("resourceVersion", p.RV)
	}
	if p.Initial {
		q.Set("sendInitialEvents", "true")
		q.Set("resourceVersionMatch", "NotOlderThan") // without it the server refuses with 422
	}
	if seconds := int64(p.Timeout / time.Second); seconds > 0 {
		q.Set("timeoutSeconds", strconv.FormatInt(seconds, 10))
	}
	return s.open(ctx, t, q, asMetadata, p.Initial)
}

// List requests one page of the target's objects. Errors and context are as in Watch.
func (s *Server) List(ctx context.Context, t Target, p ListParams) (*Response, error) {
	q := t.query()
	switch {
	case p.Continue != "": // the token holds the resourceVersion; the server refuses both
		q.Set("continue", p.Continue)
	case p.RV != "":
		q.Set("resourceVersion", p.RV)
		if p.Match != "" {
			q.Set("resourceVersionMatch", p.Match)
		}
	}
	if p.Limit > 0 {
		q.Set("limit", strconv.FormatInt(p.Limit, 10))
	}
	return s.open(ctx, t, q, asMetadataList, true)
}

// query holds the target's selectors; no parameter is empty.
func (t Target) query() url.Values {
	q := url.Values{}
	if t.Fields != "" {
		q.Set("fieldSelector", t.Fields)
	}
	if t.Labels != "" {
		q.Set("labelSelector", t.Labels)
	}
	return q
}

// open requests the target's collection in the form that the server is known to give, and compressed if it is large.
func (s *Server) open(ctx context.Context, t Target, q url.Values, as string, large bool) (*Response, error) {
	m := s.media(t.Resource)
	resp, err := s.get(ctx, t.Path(), q, m.accept(t.Resource, as, s.cbor), large)
	if err != nil {
		return nil, err
	}
	resp.Media = m
	return resp, nil
}

// get makes a request for a path that is already escaped.
func (s *Server) get(ctx context.Context, path string, q url.Values, accept string, large bool) (*Response, error) {
	target := s.base + path
	if len(q) > 0 {
		target += "?" + strings.ReplaceAll(q.Encode(), "%21", "!")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("the request for %s: %w", path, err)
	}
	req.Header.Set("Accept", accept)
	// Set in any case: else the transport asks for gzip by itself, and its reader holds back the end of what
	// was flushed until the next of several concatenated members begins.
	encoding := "identity"
	if large && !s.plain {
		encoding = "gzip"
	}
	req.Header.Set("Accept-Encoding", encoding)
	if s.agent != "" {
		req.Header.Set("User-Agent", s.agent)
	}
	resp, err := s.client.Do(req) //nolint:bodyclose // the Response closes it
	if err != nil {
		return nil, noAnswer(http.MethodGet, path, err)
	}
	s.warnings(resp.Header.Values("Warning"))
	return newResponse(resp), nil
}

// noAnswer says what was requested, without the query.
func noAnswer(method, path string, err error) error {
	if refused, ok := errors.AsType[*redirect.Error](err); ok {
		return refused // says so already
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return fmt.Errorf("%s %s: %w", method, path, err)
}

// warnings hands on what was not handed on before, bounded. Code 299 is what API servers use (RFC 7234, 5.5.7).
func (s *Server) warnings(headers []string) {
	if s.warn == nil || len(headers) == 0 {
		return
	}
	parsed, _ := utilnet.ParseWarningHeaders(headers) // what is malformed is not worth an error
	for _, w := range parsed {
		if text := plaintext.Bound(w.Text); w.Code == 299 && text != "" && s.newWarning(text) {
			s.warn(text)
		}
	}
}

func (s *Server) newWarning(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.warned.First(text)
}
