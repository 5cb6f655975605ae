package compile_test

import (
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"pgregory.net/rapid"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// FuzzSelectionProperty is TestSelectionProperty with what the fuzzer finds in place of chance.
func FuzzSelectionProperty(f *testing.F) {
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz"))
	f.Fuzz(rapid.MakeFuzz(selectionProperty))
}

// words is a declaration made of texts that anybody could have written.
type words struct {
	selector, key, value, name, nameRegex, namespace, path, field string
}

// near are objects that a declaration may or may not select: what it names, and something else.
func (w words) near(seed uint64, selector labels.Selector) []*sample {
	r := rand.New(rand.NewPCG(seed, 1))
	keys, values := []string{w.key, "other"}, []string{w.value, "", "5", "zz"}
	reqs, _ := selector.Requirements()
	for _, q := range reqs {
		keys = append(keys, q.Key())
		for _, v := range q.ValuesUnsorted() {
			values = append(values, v)
			if n, err := strconv.ParseInt(v, 10, 64); err == nil {
				values = append(values, strconv.FormatInt(n+1, 10), strconv.FormatInt(n-1, 10), "0"+v)
			}
		}
	}
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	out := make([]*sample, 24)
	for i := range out {
		set := map[string]string{}
		for _, k := range keys {
			if r.IntN(3) > 0 {
				set[k] = pick(values...)
			}
		}
		out[i] = &sample{
			Meta: watcher.Meta{Namespace: pick(w.namespace, "other"), Name: pick(w.name, "other", w.name+"x"), Labels: pairs(set)},
			node: pick(w.field, "", "other"),
		}
	}
	return out
}

// selects says once more, in the plainest way, what the declaration selects. Empty words declare nothing.
func (w words) selects(o *sample, selector labels.Selector, name *regexp.Regexp) bool {
	value, has := asSet(o.Labels)[w.key]
	fieldsOfIt := fields.Set{"metadata.name": o.Name, "metadata.namespace": o.Namespace}
	if _, known := fieldsOfIt[w.path]; !known {
		fieldsOfIt[w.path] = o.node
	}
	return selector.Matches(asSet(o.Labels)) &&
		(w.key == "" || has && (w.value == "" || value == w.value)) &&
		(w.name == "" || o.Name == w.name) &&
		(w.nameRegex == "" || name.MatchString(o.Name)) &&
		(w.namespace == "" || o.Namespace == w.namespace) &&
		(w.path == "" || fieldsOfIt[w.path] == w.field)
}

func (w words) declared() pods {
	s := capability.When(kind.Pod)
	if w.selector != "" {
		s = s.WithLabels(w.selector)
	}
	switch {
	case w.key != "" && w.value != "":
		s = s.WithLabel(w.key, w.value)
	case w.key != "":
		s = s.WithLabel(w.key)
	}
	if w.name != "" {
		s = s.WithName(w.name)
	}
	if w.nameRegex != "" {
		s = s.WithNameRegex(w.nameRegex)
	}
	if w.namespace != "" {
		s = s.InNamespace(w.namespace)
	}
	if w.path != "" {
		s = s.WithField(w.path, w.field)
	}
	return s
}

// asked is whether a server that reads a request's URL selects the object.
func asked(t *testing.T, request, path string, o *sample) bool {
	t.Helper()
	u, err := url.Parse("http://server" + request)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	for name, values := range q {
		if len(values) != 1 || values[0] == "" || !slices.Contains([]string{"watch", "labelSelector", "fieldSelector"}, name) {
			t.Fatalf("%q has the parameter %s=%q", request, name, values)
		}
	}
	l, err := labels.Parse(q.Get("labelSelector"))
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	f, err := fields.ParseSelector(q.Get("fieldSelector"))
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	set := fields.Set{path: o.node}
	set["metadata.name"], set["metadata.namespace"] = o.Name, o.Namespace
	namespace := ""
	if parts := strings.Split(u.Path, "/"); len(parts) == 6 {
		namespace = parts[4]
	}
	return (namespace == "" || namespace == o.Namespace) && l.Matches(asSet(o.Labels)) && f.Matches(set)
}

// FuzzSelectionURL takes a declaration through its requests' URLs, as a server reads them: with what is filtered here they
// select what the declaration says. One that is refused as matching nothing matches nothing.
func FuzzSelectionURL(f *testing.F) {
	f.Add("k in (a,b),!x", "k", "a", "n", "^n", "ns", "spec.nodeName", "w,1", uint64(1))
	f.Add("a>1,a<5,a!=3", "", "", "", "", "", "", "", uint64(2))
	f.Add("k notin (),k=", "k", "", "", "[", "", "metadata.name", "n", uint64(3))
	f.Add("x.io/k==v", "x.io/k", "w", "web-1", "1$", "a", "status.phase", `=\,`, uint64(4))
	f.Add("a>-1,a<0", "a", "0", "", "", "", "metadata.namespace", "a", uint64(5))
	f.Add("", "", "", "", "", "", "spec.nodeName", "a+b&c d%20", uint64(7))
	f.Add("a>9223372036854775806", "b", "", "", "(?i)N", "", "a=b", "c", uint64(6))
	f.Fuzz(func(t *testing.T, selector, key, value, name, nameRegex, namespace, path, field string, seed uint64) {
		w := words{selector, key, value, name, nameRegex, namespace, path, field}
		c := capability.New("test", w.declared().Reconcile(onPod))
		compiled, err := compile.Compile([]*capability.Capability{c}, compile.Options{})
		parsed, bad := labels.Parse(selector)
		expression, badToo := regexp.Compile(nameRegex)
		if err == nil && (bad != nil || badToo != nil) {
			t.Fatalf("%+v was taken: %v, %v", w, bad, badToo)
		}
		if bad != nil || badToo != nil {
			return
		}
		for _, o := range w.near(seed, parsed) {
			want := w.selects(o, parsed, expression)
			if err != nil {
				if want && (strings.Contains(err.Error(), "steps must hold") || strings.Contains(err.Error(), " leave no ")) {
					t.Fatalf("%v\nbut %+v matches", err, o)
				}
				continue
			}
			selected := 0
			for _, target := range compiled[0].Targets {
				if asked(t, target.String(), path, o) {
					selected++
				}
			}
			if got := selected > 0 && compiled[0].Match(&o.Meta); got != want || selected > 1 {
				t.Fatalf("%+v\n%+v\nselected by %d of %q, match %t, want %t", w, o, selected, streams(compiled[0]), compiled[0].Match(&o.Meta), want)
			}
		}
	})
}
