package fake

import (
	"cmp"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// form is how an answer is written.
type form struct {
	protobuf, yaml bool // neither: JSON
	// as is what objects are turned into; empty: nothing.
	as schema.GroupVersionKind
}

// The two forms that everybody takes.
const (
	partial     = "PartialObjectMetadata"
	partialList = "PartialObjectMetadataList"
)

// clause is one media range of an Accept header.
type clause struct {
	media  string
	params map[string]string
}

// clauses are those of an Accept header, the preferred one first; one that cannot be read is left out.
func clauses(accept string) []clause {
	if strings.TrimSpace(accept) == "" {
		return []clause{{media: "*/*"}}
	}
	type ranked struct {
		clause
		quality float64
	}
	var all []ranked
	for text := range strings.SplitSeq(accept, ",") {
		media, params, err := mime.ParseMediaType(text)
		if err != nil {
			continue
		}
		q := 1.0
		if text, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				q = 1
			}
			delete(params, "q")
		}
		all = append(all, ranked{clause{media, params}, q})
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(b.quality, a.quality) })
	out := make([]clause, len(all))
	for i, r := range all {
		out[i] = r.clause
	}
	return out
}

// wants is what kind of objects the clause asks for; empty: those there are.
func (c clause) wants() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: c.params["g"], Version: c.params["v"], Kind: c.params["as"]}
}

// offers are the forms that a clause may be served with, the default first. A real server's router does not know
// application/*.
func (c clause) offers() []form {
	var out []form
	for _, offer := range []form{{}, {yaml: true}, {protobuf: true}} {
		if c.media == offer.contentType() || c.media == "*/*" {
			offer.as = c.wants()
			out = append(out, offer)
		}
	}
	return out
}

// negotiate picks the first clause that can be served: whole objects of custom resources have no protobuf, metadata is
// served of all, a Table of none, so that a client that asks for one falls through to what it asks for next, and a
// watch is never YAML.
func negotiate(r *request) (form, *metav1.Status) {
	watches := r.watches()
	for _, c := range clauses(r.Header.Get("Accept")) {
		if stream := c.params["stream"]; stream != "" && stream != "watch" {
			continue
		}
		as := c.wants()
		if !as.Empty() && !isPartial(as) {
			continue
		}
		for _, f := range c.offers() {
			if f.yaml && watches || f.protobuf && !r.collection.builtin && as.Empty() {
				continue
			}
			return f, nil
		}
	}
	return form{}, notAcceptable("only the following media types are accepted: " + r.accepted(watches))
}

// accepted are the media types of whole objects.
func (r *request) accepted(watches bool) string {
	all := []string{runtime.ContentTypeJSON}
	if !watches {
		all = append(all, runtime.ContentTypeYAML)
	}
	if r.collection.builtin {
		all = append(all, runtime.ContentTypeProtobuf)
	}
	if watches {
		return strings.Join(all, ";stream=watch, ") + ";stream=watch"
	}
	return strings.Join(all, ", ")
}

// watches tells whether a watch is asked for; the parameter is read as a real server does.
func (r *request) watches() bool {
	said, ok := r.URL.Query()["watch"]
	return ok && r.Method == http.MethodGet && r.name == "" && said[0] != "false" && said[0] != "0"
}

func isPartial(as schema.GroupVersionKind) bool {
	return as.Group == metav1.GroupName && (as.Version == "v1" || as.Version == "v1beta1") &&
		(as.Kind == partial || as.Kind == partialList)
}

// errorForm is the form of a refusal. It is JSON where nothing fits, so that a refusal is never lost.
func errorForm(accept string) form {
	for _, c := range clauses(accept) {
		if c.wants().Empty() && len(c.offers()) > 0 {
			return c.offers()[0]
		}
	}
	return form{}
}

// fitsOne tells whether one object can have the form.
func (f form) fitsOne() *metav1.Status {
	if f.as.Kind == partialList {
		return notAcceptable("you requested " + partialList + ", but the requested object is not a list")
	}
	return nil
}

// fitsList tells whether a list can have the form.
func (f form) fitsList() *metav1.Status {
	if f.as.Kind == partial {
		return notAcceptable("you requested " + partial + ", but the requested object is a list")
	}
	return nil
}

func notAcceptable(message string) *metav1.Status {
	return &metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Message: message, Reason: metav1.StatusReasonNotAcceptable, Code: http.StatusNotAcceptable,
	}
}

// contentType is that of an answer which is no stream.
func (f form) contentType() string {
	switch {
	case f.protobuf:
		return runtime.ContentTypeProtobuf
	case f.yaml:
		return runtime.ContentTypeYAML
	}
	return runtime.ContentTypeJSON
}

// streamType is the content type of a watch.
func (f form) streamType() string {
	if f.protobuf {
		return runtime.ContentTypeProtobuf + ";stream=watch"
	}
	return runtime.ContentTypeJSON
}
