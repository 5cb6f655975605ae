package restmap

import (
	"context"
	"net/url"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var _ meta.RESTMapper = (*Mapper)(nil)

// RESTMapping implements meta.RESTMapper. Like all methods of that interface it has no context: discovery is bounded by Timeout.
func (m *Mapper) RESTMapping(gk schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	return m.mapping(context.Background(), gk, versions)
}

func (m *Mapper) mapping(ctx context.Context, gk schema.GroupKind, versions []string) (*meta.RESTMapping, error) {
	asked := versions
	if len(versions) == 0 || versions[0] == "" {
		if found, ok := m.inAnyVersion(gk); ok {
			return found, nil
		}
		var err error
		if versions, err = m.versions(ctx, gk.Group); err != nil {
			return nil, err
		}
	}
	for _, v := range versions {
		found, err := m.Resolve(ctx, gk.WithVersion(v))
		if err == nil || !meta.IsNoMatchError(err) {
			return found, err
		}
	}
	return nil, &meta.NoKindMatchError{GroupKind: gk, SearchedVersions: asked}
}

// RESTMappings implements meta.RESTMapper.
func (m *Mapper) RESTMappings(gk schema.GroupKind, versions ...string) ([]*meta.RESTMapping, error) {
	one, err := m.RESTMapping(gk, versions...)
	if err != nil {
		return nil, err
	}
	return []*meta.RESTMapping{one}, nil
}

// KindFor implements meta.RESTMapper.
func (m *Mapper) KindFor(r schema.GroupVersionResource) (schema.GroupVersionKind, error) {
	return mapped(m, r, meta.RESTMapper.KindFor)
}

// KindsFor implements meta.RESTMapper.
func (m *Mapper) KindsFor(r schema.GroupVersionResource) ([]schema.GroupVersionKind, error) {
	return mapped(m, r, meta.RESTMapper.KindsFor)
}

// ResourceFor implements meta.RESTMapper.
func (m *Mapper) ResourceFor(r schema.GroupVersionResource) (schema.GroupVersionResource, error) {
	return mapped(m, r, meta.RESTMapper.ResourceFor)
}

// ResourcesFor implements meta.RESTMapper.
func (m *Mapper) ResourcesFor(r schema.GroupVersionResource) ([]schema.GroupVersionResource, error) {
	return mapped(m, r, meta.RESTMapper.ResourcesFor)
}

// ResourceSingularizer implements meta.RESTMapper.
func (m *Mapper) ResourceSingularizer(resource string) (string, error) {
	return m.snapshot().ResourceSingularizer(resource)
}

// mapped asks what is known, and, if that is nothing, discovers the resource's group first.
func mapped[T any](m *Mapper, r schema.GroupVersionResource, ask func(meta.RESTMapper, schema.GroupVersionResource) (T, error)) (T, error) {
	out, err := ask(m.snapshot(), r)
	if !meta.IsNoMatchError(err) {
		return out, err
	}
	ctx := context.Background()
	versions := []string{r.Version}
	if r.Version == "" {
		var failed error
		if versions, failed = m.versions(ctx, r.Group); failed != nil {
			return out, failed
		}
	}
	for _, v := range versions {
		if failed := m.discover(ctx, schema.GroupVersion{Group: r.Group, Version: v}); failed != nil {
			return out, failed
		}
	}
	return ask(m.snapshot(), r)
}

// versions are those of a group, the preferred one first.
func (m *Mapper) versions(ctx context.Context, group string) ([]string, error) {
	if group == "" {
		return []string{"v1"}, nil // the core group has had no other
	}
	var doc metav1.APIGroup
	if err := m.document(ctx, "/apis/"+url.PathEscape(group), &doc); err != nil {
		return nil, err
	}
	var out []string
	if doc.PreferredVersion.Version != "" {
		out = append(out, doc.PreferredVersion.Version)
	}
	for _, v := range doc.Versions {
		if v.Version != doc.PreferredVersion.Version {
			out = append(out, v.Version)
		}
	}
	return out, nil
}

// inAnyVersion is the mapping of a kind that is declared or built in, in that version.
func (m *Mapper) inAnyVersion(gk schema.GroupKind) (*meta.RESTMapping, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var found *meta.RESTMapping
	for k, e := range m.known {
		if k.GroupKind() == gk && !e.discovered && (found == nil || k.Version < found.GroupVersionKind.Version) {
			found = e.mapping(k)
		}
	}
	return found, found != nil
}

// snapshot is a mapper of all that is known now.
func (m *Mapper) snapshot() meta.RESTMapper {
	m.mu.RLock()
	defer m.mu.RUnlock()
	out := meta.NewDefaultRESTMapper(nil)
	for k, e := range m.known {
		mapping := e.mapping(k)
		out.AddSpecific(k, mapping.Resource, k.GroupVersion().WithResource(e.singular), mapping.Scope)
	}
	core := schema.GroupVersion{Version: meta.AnyVersion} // before other groups that have the same name
	return meta.PriorityRESTMapper{
		Delegate:         out,
		ResourcePriority: []schema.GroupVersionResource{core.WithResource(meta.AnyResource)},
		KindPriority:     []schema.GroupVersionKind{core.WithKind(meta.AnyKind)},
	}
}

// Cached is a mapper that makes no request: what is not known has no match. The client that asks it holds a lock meanwhile.
func (m *Mapper) Cached() meta.RESTMapper { return cached{m} }

type cached struct{ *Mapper }

// RESTMapping implements meta.RESTMapper.
func (c cached) RESTMapping(gk schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	for _, v := range versions {
		if found, ok := c.Known(gk.WithVersion(v)); ok {
			return found, nil
		}
	}
	return nil, &meta.NoKindMatchError{GroupKind: gk, SearchedVersions: versions}
}
