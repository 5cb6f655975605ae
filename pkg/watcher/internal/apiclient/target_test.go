package apiclient

import (
	"net/url"
	"testing"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"pgregory.net/rapid"

	"github.com/ancho-dev/ancho/pkg/kind"
)

var (
	podResource        = kind.Resource{Version: "v1", Kind: "Pod", Plural: "pods", Namespaced: true, Protobuf: true}
	deploymentResource = kind.Resource{Group: "apps", Version: "v1", Kind: "Deployment", Plural: "deployments", Namespaced: true, Protobuf: true}
	webAppResource     = kind.Resource{Group: "example.com", Version: "v1", Kind: "WebApp", Plural: "webapps", Namespaced: true}
	webAppMetadata     = kind.Resource{Group: "example.com", Version: "v1", Kind: "WebApp", Plural: "webapps", Namespaced: true, Protobuf: true, Metadata: true}
)

func TestTargetString(t *testing.T) {
	for _, c := range []struct {
		target Target
		want   string
	}{
		{Target{Resource: podResource}, "/api/v1/pods?watch=true"},
		{Target{Resource: podResource, Namespace: "a"}, "/api/v1/namespaces/a/pods?watch=true"},
		{Target{Resource: podResource, Namespace: "a", Fields: "metadata.name=n"}, "/api/v1/namespaces/a/pods?watch=true&fieldSelector=metadata.name%3Dn"},
		{Target{Resource: podResource, Fields: "metadata.name=n"}, "/api/v1/pods?watch=true&fieldSelector=metadata.name%3Dn"},
		{Target{Resource: podResource, Labels: "k=v,x"}, "/api/v1/pods?watch=true&labelSelector=k%3Dv%2Cx"},
		{Target{Resource: podResource, Fields: "metadata.name=n,spec.nodeName=w"}, "/api/v1/pods?watch=true&fieldSelector=metadata.name%3Dn%2Cspec.nodeName%3Dw"},
		{Target{Resource: podResource, Fields: "metadata.namespace!=x"}, "/api/v1/pods?watch=true&fieldSelector=metadata.namespace!%3Dx"},
		{Target{Resource: podResource, Labels: "k in (a,b),!y", Fields: "metadata.name=n"}, "/api/v1/pods?watch=true&fieldSelector=metadata.name%3Dn&labelSelector=k+in+%28a%2Cb%29%2C!y"},
		{Target{Resource: deploymentResource}, "/apis/apps/v1/deployments?watch=true"},
		{Target{Resource: webAppMetadata, Namespace: "a"}, "/apis/example.com/v1/namespaces/a/webapps?watch=true"},
		{Target{Resource: kind.Resource{Group: "g/../h", Version: "v?", Plural: "p#"}, Namespace: "a/b"}, "/apis/g%2F..%2Fh/v%3F/namespaces/a%2Fb/p%23?watch=true"},
	} {
		if got := c.target.String(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// What is shown means what was selected, whatever characters the selectors have.
func TestTargetStringCanBeRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		target := Target{Resource: podResource, Labels: rapid.String().Draw(t, "labels"), Fields: rapid.String().Draw(t, "fields")}
		u, err := url.Parse(target.String())
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		if u.Path != "/api/v1/pods" || q.Get("watch") != "true" || q.Get("labelSelector") != target.Labels || q.Get("fieldSelector") != target.Fields {
			t.Fatalf("%s is read as %v", target, q)
		}
		if q.Has("labelSelector") != (target.Labels != "") || q.Has("fieldSelector") != (target.Fields != "") {
			t.Fatalf("%s has an empty parameter", target)
		}
	})
}

func TestTargetCovers(t *testing.T) {
	all := Target{Resource: podResource}
	in := func(ns, labels, fields string) Target {
		return Target{Resource: podResource, Namespace: ns, Labels: labels, Fields: fields}
	}
	for _, c := range []struct {
		name         string
		wide, narrow Target
		want         bool
	}{
		{"itself", in("a", "x=y", "spec.nodeName=w"), in("a", "x=y", "spec.nodeName=w"), true},
		{"a namespace", all, in("a", "", ""), true},
		{"all namespaces by one", in("a", "", ""), all, false},
		{"another namespace", in("a", "", ""), in("b", "", ""), false},
		{"another resource", all, Target{Resource: deploymentResource}, false},
		{"metadata of the same", Target{Resource: webAppResource}, Target{Resource: webAppMetadata}, false},
		{"labels", all, in("a", "x=y,z", ""), true},
		{"more labels", in("", "z", ""), in("", "x=y,z", ""), true},
		{"fewer labels", in("", "x=y,z", ""), in("", "z", ""), false},
		{"other labels", in("", "x=y", ""), in("", "x=z", ""), false},
		{"a set", in("", "x in (a,b)", ""), in("", "x in (a,b),z", ""), true},
		{"a part of a set is not compared", in("", "x in (a,b)", ""), in("", "x in (a)", ""), false},
		{"a name", all, in("a", "", "metadata.name=n"), true},
		{"a name excluded", all, in("a", "", "metadata.name!=n"), true},
		{"a namespace as a field", all, in("", "", "metadata.namespace!=x"), true},
		{"another field: the client cannot check it", all, in("", "", "spec.nodeName=w"), false},
		{"another field, selected by both", in("", "", "spec.nodeName=w"), in("", "", "metadata.name=n,spec.nodeName=w"), true},
		{"another field, by the wide one alone", in("", "", "spec.nodeName=w"), in("", "", "metadata.name=n"), false},
		{"another field's other value", in("", "", "spec.nodeName=w"), in("", "", "spec.nodeName=v"), false},
		{"another field's negation", in("", "", "spec.nodeName=w"), in("", "", "spec.nodeName!=w"), false},
		{"a name by another", in("", "", "metadata.name=n"), in("", "", "metadata.name=m"), false},
		{"all by a name", in("", "", "metadata.name=n"), all, false},
		{"labels and fields", in("", "x", "metadata.namespace!=k"), in("a", "x,y", "metadata.name=n,metadata.namespace!=k"), true},
		{"wide labels that cannot be parsed", in("", "==", ""), in("", "x", ""), false},
		{"narrow labels that cannot be parsed", in("", "x", ""), in("", "x,==", ""), false},
		{"wide fields that cannot be parsed", in("", "", "?"), in("", "", "metadata.name=n"), false},
		{"narrow fields that cannot be parsed", all, in("", "", "?"), false},
	} {
		if got := c.wide.Covers(c.narrow); got != c.want {
			t.Errorf("%s: %s covers %s: %v, want %v", c.name, c.wide, c.narrow, got, c.want)
		}
	}
}

// Whatever a covered target selects, the wider one selects too.
func TestCoveredObjectsAreSelected(t *testing.T) {
	keys, values := []string{"x", "y"}, []string{"", "a", "b"}
	terms := rapid.SampledFrom([]string{"x", "!x", "x=a", "x!=a", "x in (a,b)", "y", "y=b", "y notin (a)"})
	fieldTerms := rapid.SampledFrom([]string{"metadata.name=n", "metadata.name!=n", "metadata.namespace=a", "metadata.namespace!=a", "spec.nodeName=w", "spec.nodeName!=w"})
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) Target {
			return Target{
				Resource: podResource, Namespace: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, name+" namespace"),
				Labels: join(rapid.SliceOfNDistinct(terms, 0, 2, rapid.ID).Draw(t, name+" labels")),
				Fields: join(rapid.SliceOfNDistinct(fieldTerms, 0, 2, rapid.ID).Draw(t, name+" fields")),
			}
		}
		wide, narrow := draw("wide"), draw("narrow")
		if !wide.Covers(narrow) {
			return
		}
		set := labels.Set{}
		for _, k := range keys {
			if v := rapid.SampledFrom(values).Draw(t, k); v != "" {
				set[k] = v
			}
		}
		object := fields.Set{
			"metadata.name":      rapid.SampledFrom([]string{"n", "m"}).Draw(t, "name"),
			"metadata.namespace": rapid.SampledFrom([]string{"a", "b"}).Draw(t, "namespace"),
			"spec.nodeName":      rapid.SampledFrom([]string{"w", "v"}).Draw(t, "node"),
		}
		if selects(t, narrow, set, object) && !selects(t, wide, set, object) {
			t.Fatalf("%s does not select what %s does: %v %v", wide, narrow, set, object)
		}
	})
}

func join(terms []string) string {
	out := ""
	for i, s := range terms {
		if i > 0 {
			out += ","
		}
		out += s
	}
	return out
}

func selects(t *rapid.T, target Target, set labels.Set, object fields.Set) bool {
	l, err := labels.Parse(target.Labels)
	if err != nil {
		t.Fatal(err)
	}
	f, err := fields.ParseSelector(target.Fields)
	if err != nil {
		t.Fatal(err)
	}
	return (target.Namespace == "" || target.Namespace == object["metadata.namespace"]) && l.Matches(set) && f.Matches(object)
}

func TestTargetAmbiguousAndByName(t *testing.T) {
	for _, c := range []struct {
		labels, fields    string
		ambiguous, byName bool
	}{
		{"", "", false, false},
		{"", "metadata.name=n", false, true},
		{"", "metadata.name==n", false, true},
		{"", "metadata.name!=n", false, false},
		{"", "metadata.name=n,metadata.namespace!=x", false, true},
		{"", "metadata.namespace!=x", false, false},
		{"x", "", true, false},
		{"x", "metadata.name=n", true, true},
		{"", "spec.nodeName=w", true, false},
		{"", "metadata.name=n,spec.nodeName=w", true, true},
		{"", "?", true, false},
	} {
		target := Target{Resource: podResource, Labels: c.labels, Fields: c.fields}
		if got := target.Ambiguous(); got != c.ambiguous {
			t.Errorf("%s: ambiguous %v", target, got)
		}
		if got := target.SelectsByName(); got != c.byName {
			t.Errorf("%s: by name %v", target, got)
		}
	}
}
