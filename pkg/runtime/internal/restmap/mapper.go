// Package restmap knows which resource of the API serves a kind: that of declared and built-in kinds without a request, that of
// others by discovery. It holds no lock during a request, so that a discovery that stalls delays only its caller.
package restmap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// Timeout bounds one request for discovery, whatever the context of its caller says.
const Timeout = 30 * time.Second

// verifyEvery is the time between two discoveries of a kind whose requests are answered with 404.
const verifyEvery = 10 * time.Second

// Mapper maps kinds to resources. It is safe for concurrent use.
type Mapper struct {
	rest rest.Interface

	mu       sync.RWMutex
	known    map[schema.GroupVersionKind]entry
	verified map[schema.GroupVersionKind]verdict
}

// entry is what is known of one kind.
type entry struct {
	plural, singular string
	namespaced       bool
	discovered       bool // not declared
}

// verdict is what the last Verify found.
type verdict struct {
	at  time.Time
	err error
}

// New makes a Mapper that discovers with this client. It opens no connection. Rate limits of the configuration do not hold for it.
func New(cfg *rest.Config, h *http.Client) (*Mapper, error) {
	own := rest.CopyConfig(cfg)
	own.QPS, own.RateLimiter = -1, nil
	own.GroupVersion = &schema.GroupVersion{}
	own.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	c, err := rest.RESTClientForConfigAndClient(own, h)
	if err != nil {
		return nil, fmt.Errorf("make the client for discovery: %w", err)
	}
	m := &Mapper{rest: c, known: map[schema.GroupVersionKind]entry{}, verified: map[schema.GroupVersionKind]verdict{}}
	for _, k := range kind.Builtin() {
		m.Declare(k.Resource())
	}
	return m, nil
}

// Declare adds what a declaration says of a kind.
func (m *Mapper) Declare(r kind.Resource) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known[r.GVK()] = entry{plural: r.Plural, singular: strings.ToLower(r.Kind), namespaced: r.Namespaced}
}

// Known is the mapping of a kind for which no request is needed.
func (m *Mapper) Known(gvk schema.GroupVersionKind) (*meta.RESTMapping, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if e, ok := m.known[gvk]; ok {
		return e.mapping(gvk), true
	}
	for k, e := range m.known { // of a built-in kind plural and scope are the same in all versions
		if k.Group == gvk.Group && k.Kind == gvk.Kind && !e.discovered && builtinGroup(k.Group) {
			return e.mapping(gvk), true
		}
	}
	return nil, false
}

// builtinGroup tells whether the API server serves the group itself: the names of others hold a dot, and are not Kubernetes' own.
func builtinGroup(group string) bool {
	return !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io")
}

func (e entry) mapping(gvk schema.GroupVersionKind) *meta.RESTMapping {
	out := &meta.RESTMapping{Resource: gvk.GroupVersion().WithResource(e.plural), GroupVersionKind: gvk, Scope: meta.RESTScopeRoot}
	if e.namespaced {
		out.Scope = meta.RESTScopeNamespace
	}
	return out
}

// Resolve returns the mapping of a kind, by discovery if nothing is known of it. A kind that is not served is a
// *meta.NoKindMatchError, which is not remembered: it may be installed in the next moment. Other errors come from the request.
func (m *Mapper) Resolve(ctx context.Context, gvk schema.GroupVersionKind) (*meta.RESTMapping, error) {
	if found, ok := m.Known(gvk); ok {
		return found, nil
	}
	if err := m.discover(ctx, gvk.GroupVersion()); err != nil {
		return nil, err
	}
	if found, ok := m.Known(gvk); ok {
		return found, nil
	}
	return nil, noMatch(gvk)
}

// Verify asks discovery about a kind whose resource the server does not serve under the known name: a plural may be guessed
// wrong, a CustomResourceDefinition may have been replaced. It reports whether the mapping is another one now. A kind
// that is not served is a *meta.NoKindMatchError. It asks at most once in ten seconds for each kind.
func (m *Mapper) Verify(ctx context.Context, gvk schema.GroupVersionKind) (changed bool, err error) {
	was, _ := m.Known(gvk)
	m.mu.RLock()
	last := m.verified[gvk]
	m.mu.RUnlock()
	if !last.at.IsZero() && time.Since(last.at) < verifyEvery {
		return false, last.err
	}
	found, err := m.list(ctx, gvk.GroupVersion())
	if err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now, ok := found[gvk.Kind]
	if !ok {
		if m.known[gvk].discovered {
			delete(m.known, gvk)
		}
		err = noMatch(gvk)
		m.verified[gvk] = verdict{time.Now(), err}
		return false, err
	}
	m.verified[gvk] = verdict{at: time.Now()}
	m.known[gvk] = now
	is := now.mapping(gvk)
	return was == nil || is.Resource != was.Resource || is.Scope.Name() != was.Scope.Name(), nil
}

// discover remembers the kinds of a version of a group.
func (m *Mapper) discover(ctx context.Context, gv schema.GroupVersion) error {
	found, err := m.list(ctx, gv)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, e := range found {
		if _, ok := m.known[gv.WithKind(k)]; !ok {
			m.known[gv.WithKind(k)] = e
		}
	}
	return nil
}

// list asks which kinds are served in a version of a group; none if the server does not know it.
func (m *Mapper) list(ctx context.Context, gv schema.GroupVersion) (map[string]entry, error) {
	path := "/api/" + url.PathEscape(gv.Version)
	if gv.Group != "" {
		path = "/apis/" + url.PathEscape(gv.Group) + "/" + url.PathEscape(gv.Version)
	}
	var doc metav1.APIResourceList
	if err := m.document(ctx, path, &doc); err != nil {
		return nil, err
	}
	out := map[string]entry{}
	for _, r := range doc.APIResources {
		if _, twice := out[r.Kind]; twice || strings.Contains(r.Name, "/") || r.Kind == "" {
			continue
		}
		singular := r.SingularName
		if singular == "" {
			singular = strings.ToLower(r.Kind)
		}
		out[r.Kind] = entry{plural: r.Name, singular: singular, namespaced: r.Namespaced, discovered: true}
	}
	return out, nil
}

// document reads a document of discovery, which stays empty if there is none.
func (m *Mapper) document(ctx context.Context, path string, into any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, Timeout, errSlow)
	defer cancel()
	raw, err := m.rest.Get().AbsPath(path).SetHeader("Accept", "application/json").Do(ctx).Raw()
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil && errors.Is(context.Cause(ctx), errSlow):
		return fmt.Errorf("discovery, GET %s: %w", path, errSlow)
	case err != nil:
		return fmt.Errorf("discovery, GET %s: %w", path, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("discovery, GET %s: the answer is no document of discovery: %w", path, err)
	}
	return nil
}

// errSlow is about a discovery without an answer.
var errSlow = fmt.Errorf("the server gave no answer within %s", Timeout)

func noMatch(gvk schema.GroupVersionKind) error {
	return &meta.NoKindMatchError{GroupKind: gvk.GroupKind(), SearchedVersions: []string{gvk.Version}}
}
