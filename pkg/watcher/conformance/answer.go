package conformance

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The media types of patches.
const (
	jsonPatch  = "application/json-patch+json"
	mergePatch = "application/merge-patch+json"
	strategic  = "application/strategic-merge-patch+json"
	applyPatch = "application/apply-patch+yaml"
)

// open sends a request. Headers are pairs of a name and a value. Compression is not asked for unless they do. The
// answer's body is closed when the case is over.
func (p *probe) open(method, path, body string, headers ...string) *http.Response {
	r, err := http.NewRequestWithContext(p.ctx, method, p.host+path, strings.NewReader(body))
	p.must(err)
	r.Header.Set("User-Agent", "conformance/v1")
	r.Header.Set("Accept-Encoding", "identity")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := p.client.Do(r)
	if err != nil {
		p.fatalf("%s %s: %v", method, path, err)
	}
	p.later(func() { _ = resp.Body.Close() })
	return resp
}

// answer is a whole answer.
type answer struct {
	*probe
	what   string // the request
	code   int
	header http.Header
	raw    []byte
	object map[string]any // if it is JSON
}

func (p *probe) ask(method, path, body string, headers ...string) *answer {
	resp := p.open(method, path, body, headers...) //nolint:bodyclose // closed when the case is over
	raw, err := io.ReadAll(resp.Body)
	p.must(err)
	a := &answer{probe: p, what: method + " " + path, code: resp.StatusCode, header: resp.Header, raw: raw}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") && resp.Header.Get("Content-Encoding") == "" {
		if err := json.Unmarshal(raw, &a.object); err != nil {
			p.fatalf("%s: %v: %s", a.what, err, raw)
		}
	}
	return a
}

func (p *probe) get(path string, headers ...string) *answer {
	return p.ask("GET", path, "", headers...)
}
func (p *probe) post(path, body string) *answer { return p.ask("POST", path, body) }
func (p *probe) put(path, body string) *answer  { return p.ask("PUT", path, body) }
func (p *probe) del(path, body string) *answer  { return p.ask("DELETE", path, body) }
func (p *probe) patch(path, media, body string) *answer {
	return p.ask("PATCH", path, body, "Content-Type", media)
}

// is wants a status code, else the case ends.
func (a *answer) is(code int) *answer {
	if a.code != code {
		a.fatalf("%s is answered %d, want %d: %.500s", a.what, a.code, code, a.raw)
	}
	return a
}

// refused wants a Status of failure, with a reason unless that is empty.
func (a *answer) refused(code int, reason metav1.StatusReason) *metav1.Status {
	a.is(code)
	var st metav1.Status
	if err := json.Unmarshal(a.raw, &st); err != nil || st.Kind != "Status" || st.APIVersion != "v1" || st.Status != metav1.StatusFailure {
		a.fatalf("%s is refused with no Status of failure: %v: %.500s", a.what, err, a.raw)
	}
	if st.Reason != reason || int(st.Code) != code {
		a.errorf("%s is refused with code %d and reason %q, want %d and %q: %s", a.what, st.Code, st.Reason, code, reason, st.Message)
	}
	if st.Message == "" {
		a.errorf("%s is refused without a message", a.what)
	}
	return &st
}

// at is a field by its path with slashes, as fmt prints it; <nil> if it is not there.
func (a *answer) at(path string) string {
	v, _, err := unstructured.NestedFieldNoCopy(a.object, strings.Split(path, "/")...)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(v)
}

// has wants a field to be what fmt prints so.
func (a *answer) has(path, want string) *answer {
	if got := a.at(path); got != want {
		a.errorf("%s: %s is %s, want %s", a.what, path, got, want)
	}
	return a
}

// head wants a header.
func (a *answer) head(name, want string) *answer {
	if got := a.header.Get(name); got != want {
		a.errorf("%s: the header %s is %q, want %q", a.what, name, got, want)
	}
	return a
}

func (a *answer) rv() string  { return a.at("metadata/resourceVersion") }
func (a *answer) uid() string { return a.at("metadata/uid") }

// items are the names on a page.
func (a *answer) items() []string {
	var out []string
	for _, o := range a.list() {
		out = append(out, o.GetName())
	}
	return out
}

// list are the objects on a page.
func (a *answer) list() []unstructured.Unstructured {
	all, _ := a.object["items"].([]any)
	out := make([]unstructured.Unstructured, len(all))
	for i := range all {
		content, ok := all[i].(map[string]any)
		if !ok {
			a.fatalf("%s: item %d is no object", a.what, i)
		}
		out[i].Object = content
	}
	return out
}

// number is a resourceVersion as the counter that it is (rule 26).
func (p *probe) number(rv string) uint64 {
	n, err := strconv.ParseUint(rv, 10, 64)
	if err != nil {
		p.fatalf("a resourceVersion is no number: %v", err)
	}
	return n
}

// rising wants each resourceVersion to be above the one before.
func (p *probe) rising(rvs ...string) {
	for i := 1; i < len(rvs); i++ {
		if p.number(rvs[i]) <= p.number(rvs[i-1]) {
			p.errorf("resourceVersions do not rise: %v", rvs)
		}
	}
}

// names are the names on a list, as fmt prints them.
func (p *probe) names(path string) string { return fmt.Sprint(p.get(path).is(http.StatusOK).items()) }

// managers are those of an object, each with what it does.
func (a *answer) managers() string {
	var out []string
	for _, m := range (&unstructured.Unstructured{Object: a.object}).GetManagedFields() {
		out = append(out, m.Manager+" "+string(m.Operation))
	}
	return fmt.Sprint(out)
}

// containers are the names of a Deployment's containers.
func (a *answer) containers() string {
	all, _, _ := unstructured.NestedSlice(a.object, "spec", "template", "spec", "containers")
	var names []string
	for _, c := range all {
		if c, ok := c.(map[string]any); ok {
			names = append(names, fmt.Sprint(c["name"]))
		}
	}
	return fmt.Sprint(names)
}
