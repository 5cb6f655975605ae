package conformance

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// mutant is a server with one thing wrong: what it is asked, or what it answers, is not as it was.
type mutant struct {
	http.RoundTripper
	ask    func(*http.Request)
	answer func(*http.Response)
}

// RoundTrip hands a request on.
func (m mutant) RoundTrip(r *http.Request) (*http.Response, error) {
	if m.ask != nil {
		r = r.Clone(r.Context())
		m.ask(r)
	}
	resp, err := m.RoundTripper.RoundTrip(r)
	if err == nil && m.answer != nil {
		m.answer(resp)
	}
	return resp, err
}

// without asks without some parameters.
func without(params ...string) func(*http.Request) {
	return func(r *http.Request) {
		q := r.URL.Query()
		for _, p := range params {
			q.Del(p)
		}
		r.URL.RawQuery = q.Encode()
	}
}

// edited puts one text for another in whole answers, and line by line in JSON watches.
func edited(old, with string) func(*http.Response) {
	return func(resp *http.Response) {
		if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") && resp.Header.Get("Content-Encoding") == "" {
			resp.Body = &edit{ReadCloser: resp.Body, old: []byte(old), with: []byte(with)}
			resp.ContentLength = -1
		}
	}
}

// edit is a body in which one text is put for another, line by line.
type edit struct {
	io.ReadCloser
	old, with, ready, rest []byte
}

// Read gives lines, and what is behind the last of them at the end.
func (e *edit) Read(p []byte) (int, error) {
	for len(e.ready) == 0 {
		buf := make([]byte, 64<<10)
		n, err := e.ReadCloser.Read(buf)
		e.rest = append(e.rest, buf[:n]...)
		end := bytes.LastIndexByte(e.rest, '\n') + 1
		if err != nil {
			end = len(e.rest)
		}
		e.ready = bytes.ReplaceAll(e.rest[:end:end], e.old, e.with)
		e.rest = e.rest[end:]
		if err != nil && len(e.ready) == 0 {
			return 0, err
		}
	}
	n := copy(p, e.ready)
	e.ready = e.ready[n:]
	return n, nil
}

// status answers with another code.
func status(is, with int) func(*http.Response) {
	return func(resp *http.Response) {
		if resp.StatusCode == is {
			resp.StatusCode = with
		}
	}
}

// stateless asks for a patch of whatever state there is.
func stateless(r *http.Request) {
	if r.Method == http.MethodPatch {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		body = bytes.ReplaceAll(body, []byte(`"resourceVersion"`), []byte(`"unknown"`))
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
}

func headerless(name string) func(*http.Response) {
	return func(resp *http.Response) { resp.Header.Del(name) }
}

// What a server does wrong is found, by the cases that are about it.
func TestMutantsAreFound(t *testing.T) {
	for name, m := range map[string]struct {
		mutant
		by []string // the beginnings of names of cases
	}{
		"no bookmarks":         {mutant{ask: without("allowWatchBookmarks")}, []string{"a watch list of nothing", "a bookmark says"}},
		"no label selectors":   {mutant{ask: without("labelSelector")}, []string{"entering a selection", "a watch list of a selection", "a selection in pages"}},
		"no field selectors":   {mutant{ask: without("fieldSelector")}, []string{"a watch of one name", "a name and a namespace"}},
		"no limit":             {mutant{ask: without("limit")}, []string{"pages hold every", "metadata is paged"}},
		"no token":             {mutant{ask: without("continue")}, []string{"a version beside a token", "a token that is none"}},
		"every version is new": {mutant{ask: without("resourceVersion")}, []string{"a watch resumes behind any", "a watch from a version yet"}},
		"no timeouts":          {mutant{ask: without("timeoutSeconds")}, []string{"a watch ends cleanly"}},
		"no dry runs":          {mutant{ask: without("dryRun")}, []string{"what is only tried"}},
		"no force":             {mutant{ask: without("force")}, []string{"an apply of a field"}},
		"no warnings":          {mutant{answer: headerless("Warning")}, []string{"use of what is deprecated", "a finalizer of a custom"}},
		"no content type":      {mutant{answer: headerless("Content-Type")}, []string{"the first form of an Accept"}},
		"expiry is an error":   {mutant{answer: status(410, 500)}, []string{"an expired token", "a list of an expired"}},
		"conflicts are bad":    {mutant{answer: status(409, 400)}, []string{"an update of another state", "a name that is taken"}},
		"no end bookmark":      {mutant{answer: edited("initial-events-end", "something")}, []string{"a watch list of nothing"}},
		"deletions are told as changes": {mutant{answer: edited(`"type":"DELETED"`, `"type":"MODIFIED"`)},
			[]string{"a deletion is answered", "a watch of one name", "an object of the same name", "an object with finalizers"}},
		"leaving is no deletion":    {mutant{answer: edited(`"app":"x"`, `"app":"z"`)}, []string{"entering a selection"}},
		"expiry inside has no code": {mutant{answer: edited(`"code":410`, `"code":0`)}, []string{"a watch from lost history"}},
		"items have a kind":         {mutant{answer: edited(`"items":[{"metadata"`, `"items":[{"kind":"ConfigMap","metadata"`)}, []string{"the items of a list"}},
		"no UIDs":                   {mutant{answer: edited(`"uid":`, `"id":`)}, []string{"an object of the same name", "a new object"}},
		"no finalizers": {mutant{answer: edited(`"finalizers":`, `"finishers":`)},
			[]string{"who takes the last finalizer", "finalizers that are taken off", "metadata alone tells"}},
		"no owners":                 {mutant{answer: edited(`"ownerReferences":`, `"owners":`)}, []string{"metadata alone tells"}},
		"patches of no state":       {mutant{ask: stateless}, []string{"a patch of the finalizers of a state", "a patch of the finalizers of an object"}},
		"who comes late has it":     {mutant{answer: status(409, 200)}, []string{"of two who create a Lease", "of two who update a Lease", "an update of a Lease that"}},
		"Leases are told unchanged": {mutant{answer: edited(`"type":"MODIFIED"`, `"type":"ADDED"`)}, []string{"a watch of one Lease"}},
		"no generation":             {mutant{answer: edited(`"generation":`, `"generations":`)}, []string{"the generation rises"}},
	} {
		t.Run(title(name), func(t *testing.T) {
			for _, c := range Cases() {
				if !slices.ContainsFunc(m.by, func(begin string) bool { return strings.HasPrefix(c.Name, begin) }) {
					continue
				}
				synctest.Test(t, func(t *testing.T) {
					s := inMemory(fake.New(fake.WithResources(Gizmo)))
					broken := m.mutant
					broken.RoundTripper = s.Config.Transport
					s.Config.Transport = broken
					if result, wrong := judge(t.Context(), "mutant", c, s); result.Shown || len(wrong) == 0 {
						t.Errorf("not found by %q", c.Name)
					}
				})
			}
			for _, begin := range m.by {
				if !slices.ContainsFunc(Cases(), func(c Case) bool { return strings.HasPrefix(c.Name, begin) }) {
					t.Errorf("there is no case %q", begin)
				}
			}
		})
	}
}

// What is known not to be shown is held to that.
func TestExceptionsAreExact(t *testing.T) {
	good, bad := func(*probe) {}, func(p *probe) { p.errorf("wrong") }
	known := map[string]string{"it": "a reason"}
	s := inMemory(fake.New())
	for name, c := range map[string]struct {
		Case
		shown, wrong bool
		reason       string
	}{
		"shown":                        {Case{Name: "a", run: good}, true, false, ""},
		"not shown":                    {Case{Name: "b", run: bad}, false, true, ""},
		"known":                        {Case{Name: "c", run: bad, NotShownBy: known}, false, false, "a reason"},
		"known, and shown after all":   {Case{Name: "d", run: good, NotShownBy: known}, true, true, ""},
		"known of another":             {Case{Name: "e", run: bad, NotShownBy: map[string]string{"that": "a reason"}}, false, true, ""},
		"what it needs is not there":   {Case{Name: "f", run: good, needs: []need{users}}, false, true, ""},
		"and that is known":            {Case{Name: "g", run: good, needs: []need{users}, NotShownBy: known}, false, false, "a reason"},
		"what it needs is there":       {Case{Name: "h", run: good, needs: []need{history, definitions}}, true, false, ""},
		"the case ends where it fails": {Case{Name: "i", run: func(p *probe) { p.fatalf("wrong"); panic("not reached") }}, false, true, ""},
	} {
		got, wrong := judge(t.Context(), "it", c.Case, s)
		if got.Shown != c.shown || got.Reason != c.reason || (len(wrong) > 0) != c.wrong {
			t.Errorf("%s: %+v, %q", name, got, wrong)
		}
	}
}
