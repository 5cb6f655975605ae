package apiclient

import (
	"net/url"
	"strings"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// The two fields that every server can select by, and that a client can check on an object's metadata.
const (
	fieldName      = "metadata.name"
	fieldNamespace = "metadata.namespace"
)

// Target is what one stream watches: the objects of a resource in a namespace that match two selectors.
// It is comparable; equal targets share a stream. The selectors are in canonical form (labels.Selector and
// fields.Selector print it: requirements sorted), which its maker sees to; empty selects everything.
type Target struct {
	Resource  kind.Resource
	Namespace string // empty: all namespaces, or a resource without them
	Labels    string // a label selector
	Fields    string // a field selector
}

// Path is the path of the collection on the server, such as "/api/v1/namespaces/a/pods".
func (t Target) Path() string { return collectionPath(t.Resource, t.Namespace) }

// String is the request a stream opens, as plans and logs show it: path, watch=true and the selectors that
// are not empty.
func (t Target) String() string {
	var b strings.Builder
	b.WriteString(t.Path())
	b.WriteString("?watch=true")
	if t.Fields != "" {
		b.WriteString("&fieldSelector=" + escapeQuery(t.Fields))
	}
	if t.Labels != "" {
		b.WriteString("&labelSelector=" + escapeQuery(t.Labels))
	}
	return b.String()
}

// SelectsByName reports whether the server is asked for one name.
func (t Target) SelectsByName() bool { return t.Name() != "" }

// Name is the one name that the server is asked for; empty: all.
func (t Target) Name() string {
	reqs, ok := t.fieldRequirements()
	if !ok {
		return ""
	}
	for _, r := range reqs {
		if r.name == fieldName && !r.not {
			return r.value
		}
	}
	return ""
}

// Ambiguous reports whether a DELETED event of this target may also mean that the object left the selection:
// it selects by label, or by a field that can change.
func (t Target) Ambiguous() bool {
	if t.Labels != "" {
		return true
	}
	reqs, ok := t.fieldRequirements()
	if !ok {
		return true // not understood: promise nothing
	}
	for _, r := range reqs {
		if !r.onMetadata() {
			return true
		}
	}
	return false
}

// Covers reports whether a stream of t delivers everything that a stream of o would, so that what o leaves out
// can be left out by looking at metadata: the same resource, a namespace as wide, every requirement of t also
// one of o, and the terms of o that t lacks are on labels, metadata.name or metadata.namespace. A target covers
// itself. A selector that cannot be parsed covers nothing but the same text.
func (t Target) Covers(o Target) bool {
	if t == o {
		return true
	}
	if t.Resource != o.Resource || (t.Namespace != "" && t.Namespace != o.Namespace) {
		return false
	}
	return labelsCover(t.Labels, o.Labels) && t.fieldsCover(o)
}

// labelsCover tells whether every requirement of wide is one of narrow.
func labelsCover(wide, narrow string) bool {
	if wide == "" || wide == narrow {
		return true
	}
	have, err := labels.ParseToRequirements(narrow)
	if err != nil {
		return false
	}
	want, err := labels.ParseToRequirements(wide)
	if err != nil {
		return false
	}
	set := make(map[string]bool, len(have))
	for _, r := range have {
		set[r.String()] = true
	}
	for _, r := range want {
		if !set[r.String()] {
			return false
		}
	}
	return true
}

// fieldsCover tells whether the field requirements of t are a subset of those of o, and the rest of o's can be
// checked on metadata.
func (t Target) fieldsCover(o Target) bool {
	if t.Fields == o.Fields {
		return true
	}
	wide, ok := t.fieldRequirements()
	if !ok {
		return false
	}
	narrow, ok := o.fieldRequirements()
	if !ok {
		return false
	}
	extra := make(map[fieldRequirement]bool, len(narrow))
	for _, r := range narrow {
		extra[r] = true
	}
	for _, r := range wide {
		if !extra[r] {
			return false
		}
	}
	for _, r := range wide {
		delete(extra, r)
	}
	for r := range extra {
		if !r.onMetadata() {
			return false
		}
	}
	return true
}

// fieldRequirement is one term of a field selector.
type fieldRequirement struct {
	name, value string
	not         bool
}

// onMetadata tells whether a client can check the requirement on metadata that never changes.
func (r fieldRequirement) onMetadata() bool { return r.name == fieldName || r.name == fieldNamespace }

func (t Target) fieldRequirements() ([]fieldRequirement, bool) {
	if t.Fields == "" {
		return nil, true
	}
	sel, err := fields.ParseSelector(t.Fields)
	if err != nil {
		return nil, false
	}
	var out []fieldRequirement
	for _, r := range sel.Requirements() {
		out = append(out, fieldRequirement{name: r.Field, value: r.Value, not: r.Operator == "!="})
	}
	return out, true
}

// collectionPath is the path of a resource, in one namespace when that is not empty.
func collectionPath(r kind.Resource, namespace string) string {
	p := versionPath(r.Group, r.Version)
	if namespace != "" {
		p += "/namespaces/" + url.PathEscape(namespace)
	}
	return p + "/" + url.PathEscape(r.Plural)
}

// versionPath is the path of a group and version.
func versionPath(group, version string) string {
	if group == "" {
		return "/api/" + url.PathEscape(version)
	}
	return "/apis/" + url.PathEscape(group) + "/" + url.PathEscape(version)
}

// escapeQuery escapes a query value. "!" may stand in a query as it is (RFC 3986, 3.4) and is easier to read so.
func escapeQuery(v string) string {
	return strings.ReplaceAll(url.QueryEscape(v), "%21", "!")
}
