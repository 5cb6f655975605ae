package fake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/recording"
)

// Replay answers requests as a server did that was recorded. A request gets what the first one got that was made for the
// same, and that no other request got yet: the same method, path, query and Accept header, timeoutSeconds aside. Each
// piece comes when it came, counted from the first request; in testing/synctest that takes no time.
//
// A watch that its client ends before the recorded one did goes on with the client's next watch of the same, and one for
// which nothing more is recorded stays open, in silence. If a client asks after a long silence whether the server has gone
// back (rule 25), the answer is that it has not. Methods may be called concurrently.
type Replay struct {
	mu      sync.Mutex
	left    map[string][]*recording.Exchange
	watched map[string]*followed
	began   time.Time
	missing []string
}

// followed is what is known of all watches of the same.
type followed struct {
	left int                 // how many are recorded and were not asked for
	open *recording.Exchange // what is left of the one that its client left last
	rv   string              // where the last one began
}

// NewReplay reads a recording, as runtime.Options.Record and the flag --record write it. It returns errors of the
// reader, or one that says where the input is not a recording.
func NewReplay(in io.Reader) (*Replay, error) {
	all, err := recording.Read(in)
	if err != nil {
		return nil, err
	}
	p := &Replay{left: map[string][]*recording.Exchange{}, watched: map[string]*followed{}}
	for _, x := range all {
		u, err := url.ParseRequestURI(x.URL)
		if err != nil {
			return nil, fmt.Errorf("the recording has a request for %q: %w", x.URL, err)
		}
		k := requestKey(x.Method, x.Accept, u)
		p.left[k] = append(p.left[k], x)
		if isWatch(x.Method, u) {
			p.follow(u).left++
		}
	}
	return p, nil
}

// Config is a client configuration that leads to the recording. Nothing of it uses the network, and it works inside
// testing/synctest. It has no rate limit, and is the caller's to change.
func (p *Replay) Config() *rest.Config {
	return &rest.Config{Host: inProcess, QPS: -1, Transport: roundTripper{http.HandlerFunc(p.answer)}}
}

// Missing are the requests, by method and URL, that the recording holds no answer to. Each failed, with an error that says
// so. Each is named once.
func (p *Replay) Missing() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.missing)
}

// Left returns the recorded requests, by method and URL, that no client made.
func (p *Replay) Left() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, all := range p.left {
		for _, x := range all {
			out = append(out, x.Method+" "+x.URL)
		}
	}
	slices.Sort(out)
	return out
}

// requestKey is the same of requests that get the same answers.
func requestKey(method, accept string, u *url.URL) string {
	q := u.Query()
	q.Del("timeoutSeconds") // drawn at random
	return strings.Join([]string{method, u.EscapedPath(), q.Encode(), accept}, " ")
}

func isWatch(method string, u *url.URL) bool {
	watch := u.Query().Get("watch")
	return method == http.MethodGet && (watch == "true" || watch == "1")
}

// isHead tells whether a list is asked for to learn its resourceVersion.
func isHead(method string, u *url.URL) bool {
	q := u.Query()
	return method == http.MethodGet && q.Get("limit") == "1" && !q.Has("continue") && !q.Has("resourceVersion")
}

// follow is what is known of the watches of the same path and selectors.
func (p *Replay) follow(u *url.URL) *followed {
	q := u.Query()
	k := u.EscapedPath() + " " + q.Get("labelSelector") + " " + q.Get("fieldSelector")
	if p.watched[k] == nil {
		p.watched[k] = &followed{}
	}
	return p.watched[k]
}

// take is what the request gets, and when the recording began.
func (p *Replay) take(r *http.Request) (*recording.Exchange, time.Time, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var f *followed
	if isWatch(r.Method, r.URL) || isHead(r.Method, r.URL) {
		f = p.follow(r.URL)
	}
	x := p.recorded(r, f)
	if p.began.IsZero() && x != nil {
		p.began = time.Now().Add(-x.At)
	}
	switch {
	case x == nil:
		return nil, p.began, p.misses(r, "the program asks for something else than it did, or once more, or in another order")
	case x.LeftOut != "":
		return nil, p.began, p.misses(r, "left out: "+x.LeftOut)
	}
	return x, p.began, nil
}

// recorded finds what the request gets; nil: nothing.
func (p *Replay) recorded(r *http.Request, f *followed) *recording.Exchange {
	k, watch := requestKey(r.Method, r.Header.Get("Accept"), r.URL), isWatch(r.Method, r.URL)
	if rv := r.URL.Query().Get("resourceVersion"); watch && rv != "" {
		f.rv = rv
	}
	switch all := p.left[k]; {
	case len(all) > 0:
		p.left[k] = all[1:]
		if watch { // the program went on in the same way as then
			f.left, f.open = f.left-1, nil
		}
		return all[0]
	case watch && f.open != nil:
		x := f.open
		f.open = nil
		return x
	case watch && f.left == 0 && f.rv != "":
		return &recording.Exchange{Steps: []recording.Step{{}}}
	case f != nil && !watch && f.rv != "":
		return headOf(f.rv)
	}
	return nil
}

// headOf is a list that shows no more than its resourceVersion.
func headOf(rv string) *recording.Exchange {
	text := fmt.Sprintf(`{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":%q},"items":[]}`, rv)
	return &recording.Exchange{Steps: []recording.Step{
		{Status: http.StatusOK, Header: http.Header{"Content-Type": {runtime.ContentTypeJSON}}}, {Data: []byte(text)}, {End: true},
	}}
}

func (p *Replay) misses(r *http.Request, why string) error {
	q := r.URL.Query()
	q.Del("timeoutSeconds")
	what := r.Method + " " + (&url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: q.Encode()}).RequestURI()
	if !slices.Contains(p.missing, what) {
		p.missing = append(p.missing, what)
	}
	return fmt.Errorf("the recording holds no answer to %s: %s", what, why)
}

// answer answers one request.
func (p *Replay) answer(w http.ResponseWriter, r *http.Request) {
	x, began, err := p.take(r)
	if err == nil {
		err = p.steps(w, r, x, began)
	}
	if out, ok := w.(aborter); ok && err != nil {
		out.abort(err)
	}
}

// steps goes through what came of a request. The error is what its client is to read.
func (p *Replay) steps(w http.ResponseWriter, r *http.Request, x *recording.Exchange, began time.Time) error {
	if len(x.Steps) > 0 && x.Steps[0].Status == 0 && x.Steps[0].Error == "" {
		<-r.Context().Done() // it was given up before there was an answer
		return r.Context().Err()
	}
	flush := http.NewResponseController(w).Flush
	for i, step := range x.Steps {
		if !until(r.Context(), began.Add(step.At)) {
			p.leave(r, x, i)
			return r.Context().Err()
		}
		switch {
		case step.Status != 0:
			maps.Copy(w.Header(), step.Header)
			w.WriteHeader(step.Status)
		case step.End && step.Error == "":
			return nil
		case step.Error != "":
			if step.End {
				_ = flush() // what was sent comes first
			}
			return errorOf(step.Error)
		case step.Data == nil: // it was given up
			<-r.Context().Done()
			p.leave(r, x, i)
			return r.Context().Err()
		default:
			if _, err := w.Write(step.Data); err != nil {
				p.leave(r, x, i)
				return err
			}
		}
		if err := flush(); err != nil {
			p.leave(r, x, i) // it may not have come
			return err
		}
	}
	<-r.Context().Done() // the recording has ended
	p.leave(r, x, len(x.Steps))
	return r.Context().Err()
}

// errorOf is a recorded error. The one that tells a client that an answer broke off is the same as then.
func errorOf(text string) error {
	if text == io.ErrUnexpectedEOF.Error() {
		return io.ErrUnexpectedEOF
	}
	return errors.New(text)
}

// leave keeps what is left of a request that its client gave up: all of it if nothing came, else, of a watch, what did not.
func (p *Replay) leave(r *http.Request, x *recording.Exchange, next int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	watch := isWatch(r.Method, r.URL)
	switch {
	case next == 0:
		k := requestKey(r.Method, r.Header.Get("Accept"), r.URL)
		p.left[k] = slices.Insert(p.left[k], 0, x)
		if watch {
			p.follow(r.URL).left++
		}
	case watch:
		rest := *x
		rest.Steps = slices.Concat(x.Steps[:1], x.Steps[next:])
		p.follow(r.URL).open = &rest
	}
}

// until waits for a time, or tells that nobody waits any more.
func until(ctx context.Context, at time.Time) bool {
	d := time.Until(at)
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
