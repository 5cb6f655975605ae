package model

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"pgregory.net/rapid"

	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// hindrance is what happens to one write of the program's: it fails, or somebody changes the object just before.
type hindrance struct {
	what string
	to   looks
}

// What a hindrance may be, beside a change of the object.
const (
	unreached   = "unreached"   // there is no connection
	unanswered  = "unanswered"  // it is done, and the answer is lost
	unavailable = "unavailable" // the server cannot, for now
	throttled   = "throttled"   // the server is too busy
	denied      = "denied"      // the server does not allow it, for now
	tooLate     = "tooLate"     // the server says that the object has changed, which it has not
	unhindered  = "unhindered"
	deletedLate = "deletedLate" // it is done, and then a deletion wins that has read the object before
)

func someHindrance(t *rapid.T) hindrance {
	what := rapid.SampledFrom([]string{
		unreached, unanswered, unavailable, throttled, denied, tooLate, unhindered, "update", "relabel", "delete", protect, unprotect, protect, rob,
		deletedLate, deletedLate,
	}).Draw(t, "hindrance")
	return hindrance{what, someLooks(t)}
}

// refusals are those of the server.
var refusals = map[string]int{
	unavailable: http.StatusServiceUnavailable, throttled: http.StatusTooManyRequests, denied: http.StatusForbidden, tooLate: http.StatusConflict,
}

// writer is the way of the program's requests to the server. What the program writes becomes part of the truth, and is held
// to what was promised.
type writer struct {
	http.RoundTripper

	w *world
}

func (r *writer) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodPatch || strings.Contains(req.URL.Path, "/events/") {
		return r.RoundTripper.RoundTrip(req)
	}
	w := r.w
	w.mu.Lock()
	defer w.mu.Unlock()
	p := placeOf(req.URL.Path)
	w.seen.Writes++
	now := hindrance{what: unhindered}
	if len(w.writes) > 0 {
		now, w.writes = w.writes[0], w.writes[1:]
		w.logf("%s %s hinders a write to %s", time.Now().Format(clock), now.what, p)
	}
	code, refused := refusals[now.what]
	if code >= http.StatusInternalServerError || now.what == unreached || now.what == unanswered {
		w.truth.tried(p)
	}
	switch {
	case refused:
		return refusal(req, code), nil
	case now.what == unreached:
		return nil, syscall.ECONNREFUSED
	case w.truth.there[p] != nil:
		w.hinder(p, now)
	}
	resp, err := r.RoundTripper.RoundTrip(req)
	if err != nil || resp.StatusCode >= http.StatusInternalServerError { // of a fault
		w.truth.tried(p)
	}
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		w.written(p)
	} else {
		w.seen.Refused++
	}
	if now.what == deletedLate && resp.StatusCode == http.StatusOK && w.truth.there[p] != nil {
		w.vanish(p)
	}
	if now.what != unanswered {
		return resp, nil
	}
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	return nil, syscall.ECONNRESET
}

// hinder changes the object first.
func (w *world) hinder(p place, now hindrance) {
	switch now.what {
	case "delete":
		w.remove(broken{}, p)
	case "update", "relabel", protect, unprotect, rob:
		w.update(broken{}, p, now.what, now.to)
	}
}

// vanish deletes an object at once, whatever finalizers it carries.
func (w *world) vanish(p place) {
	late := w.server.Fault(fake.StaleDelete())
	defer late.Stop()
	w.truth.there[p].robbed = true
	w.remove(broken{}, p)
}

// written keeps what the program has made of an object, which may be one finalizer more, or less.
func (w *world) written(p place) {
	l := w.truth.there[p]
	if l == nil {
		w.bad = append(w.bad, p.String()+": a write succeeded, and there is no such object")
		return
	}
	was, cameTo := *l.now(), len(l.states)
	w.look(broken{}, p, "written")
	var is *state
	switch {
	case l.gone:
		is = &state{finalizers: []string{}, stamp: was.stamp, app: was.app, note: was.note, ref: was.ref, owner: was.owner, deleting: true}
	case len(l.states) == cameTo:
		w.bad = append(w.bad, p.String()+": a write changed nothing")
		return
	default:
		is = l.now()
	}
	if why := w.unlawful(l, &was, is); why != "" {
		w.bad = append(w.bad, p.String()+": a write of the program "+why+": finalizers were "+strings.Join(was.finalizers, ", ")+
			" and are "+strings.Join(is.finalizers, ", "))
	}
}

// unlawful says what is wrong about a write of the program; empty: nothing.
func (w *world) unlawful(l *life, was, is *state) string {
	if is.stamp != was.stamp || is.app != was.app || is.note != was.note || is.ref != was.ref || is.owner != was.owner || is.deleting != was.deleting {
		return "changed more than finalizers"
	}
	for _, s := range w.specs {
		f := s.finalizer
		switch {
		case f == absent || is.carries(f) == was.carries(f):
			continue
		case is.carries(f):
			is.by = f
			if was.deleting || !s.fits(l.place, was) {
				return "put a finalizer on an object that the binding does not select"
			}
			if !slices.Equal(is.finalizers, append(slices.Clone(was.finalizers), f)) {
				return "changed more than its finalizer"
			}
			return ""
		case !w.cleaned[cleanUp{l.uid, f}]:
			return "took a finalizer off without a clean-up"
		case !was.deleting:
			return "took a finalizer off an object that stays"
		case !slices.Equal(is.finalizers, slices.DeleteFunc(slices.Clone(was.finalizers), func(other string) bool { return other == f })):
			return "changed more than its finalizer"
		}
		return ""
	}
	return "changed finalizers that are none of its own"
}

// placeOf finds the object of a path.
func placeOf(path string) place {
	parts := strings.Split(path, "/")
	n := len(parts)
	p := place{namespace: parts[n-3], name: parts[n-1]}
	if parts[n-2] == gvrs[gadgets].Resource {
		p.resource = gadgets
	}
	return p
}

func refusal(r *http.Request, code int) *http.Response {
	reasons := map[int]string{503: "ServiceUnavailable", 429: "TooManyRequests", 403: "Forbidden", 409: "Conflict"}
	body := `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"as told","reason":"` + reasons[code] + `","code":` + strconv.Itoa(code) + `}`
	return &http.Response{
		StatusCode: code, Header: http.Header{"Content-Type": {"application/json"}}, Request: r, Body: io.NopCloser(strings.NewReader(body)),
	}
}

// broken ends the test at once, on a goroutine of the program's.
type broken struct{}

func (broken) Helper() {}

func (broken) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
