package fake

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ancho-dev/ancho/pkg/kind"
)

const pods = "/api/v1/namespaces/default/pods?watch=true"

// bubble runs a test in virtual time on a server of its own.
func bubble(t *testing.T, f func(t *testing.T, s *Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, New(WithResources(widget))) })
}

func TestWatchFromAVersion(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		a := s.Put(t, kind.Pod, Named("a"))
		w := watchOf(t, s, pods+"&resourceVersion="+a)
		b := s.Put(t, kind.Pod, Named("b"))
		w.expect("ADDED b@" + b)
		b = s.Put(t, kind.Pod, Named("b", "x", "y"))
		s.Put(t, kind.ConfigMap, Named("c")) // another resource
		s.Remove(t, kind.Pod, "default", "a")
		w.expect("MODIFIED b@"+b, "DELETED a@"+rv(s)) // 47
		again := watchOf(t, s, pods+"&resourceVersion="+b)
		again.expect("DELETED a@" + rv(s))
	})
}

// rv is the newest resourceVersion.
func rv(s *Server) string {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return strconv.FormatUint(s.store.rv, 10)
}

func TestWatchBeginsWithWhatThereIs(t *testing.T) {
	for _, version := range []string{"", "&resourceVersion=0"} {
		bubble(t, func(t *testing.T, s *Server) {
			b := s.Put(t, kind.Pod, Named("b"))
			a := s.Put(t, kind.Pod, Named("a"))
			w := watchOf(t, s, pods+version)
			w.expect("ADDED a@"+a, "ADDED b@"+b) // 7: by key
			c := s.Put(t, kind.Pod, Named("c"))
			w.expect("ADDED c@" + c)
		})
	}
}

func TestWatchList(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		b := s.Put(t, kind.Pod, Named("b", "app", "x"))
		s.Put(t, kind.Pod, Named("a"))
		s.Put(t, kind.ConfigMap, Named("c"))
		const ask = pods + "&labelSelector=app%3Dx&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
		w := watchOf(t, s, ask+"&allowWatchBookmarks=true")
		w.expect("ADDED b@"+b, "BOOKMARK end@"+rv(s))
		w = watchOf(t, s, ask) // nobody asked for the bookmark
		w.expect("ADDED b@" + b)
		c := s.Put(t, kind.Pod, Named("c", "app", "x"))
		w.expect("ADDED c@" + c)
		if st := refused(t, s, pods+"&sendInitialEvents=true&allowWatchBookmarks=true"); st.Code != 422 || st.Reason != "Invalid" { // 3
			t.Errorf("%+v", st)
		}
		w = watchOf(t, s, ask+"&allowWatchBookmarks=true&resourceVersion=99999")
		w.expect("ERROR Timeout", "") // 15
	})
}

func TestWatchSelection(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		w := watchOf(t, s, pods+"&labelSelector=app%3Dx&resourceVersion="+rv(s))
		s.Put(t, kind.Pod, Named("a"))
		in := s.Put(t, kind.Pod, Named("a", "app", "x"))
		w.expect("ADDED a@" + in)
		out := s.Put(t, kind.Pod, Named("a", "app", "y"))
		w.expect("DELETED a@" + out) // 46
		s.Remove(t, kind.Pod, "default", "a")
		in = s.Put(t, kind.Pod, Named("b", "app", "x"))
		w.expect("ADDED b@" + in)
	})
}

// 46: what is told of a leaving object is how it was.
func TestWatchLeavingState(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		resp := fetch(t, s, pods+"&labelSelector=app%3Dx&resourceVersion="+rv(s))
		s.Put(t, kind.Pod, Named("a", "app", "x", "n", "1"))
		s.Put(t, kind.Pod, Named("a", "app", "y", "n", "2"))
		events := decodeEvents(t, resp, 2)
		if l := events[1].Object.GetLabels(); events[1].Type != "DELETED" || l["app"] != "x" || l["n"] != "1" {
			t.Errorf("%+v", events[1])
		}
	})
}

// jsonEvent is an event of a JSON watch.
type jsonEvent struct {
	Type   string                    `json:"type"`
	Object unstructured.Unstructured `json:"object"`
}

func decodeEvents(t *testing.T, resp *http.Response, n int) []jsonEvent {
	t.Helper()
	out := make([]jsonEvent, n)
	in := json.NewDecoder(resp.Body)
	for i := range out {
		if err := in.Decode(&out[i]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestWatchExpired(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		a := s.Put(t, kind.Pod, Named("a"))
		w := watchOf(t, s, pods+"&resourceVersion="+a)
		b := s.Put(t, kind.Pod, Named("b"))
		s.Compact()
		w.expect("ADDED b@" + b) // a watch that runs misses nothing
		watchOf(t, s, pods+"&resourceVersion="+a).expect("ERROR Expired", "")
		c := s.Put(t, kind.Pod, Named("c"))
		watchOf(t, s, pods+"&resourceVersion="+b).expect("ADDED c@" + c)
		w.expect("ADDED c@" + c)
	})
}

func TestHistoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(WithHistory(2))
		var versions []string
		for _, name := range []string{"a", "b", "c", "d"} {
			versions = append(versions, s.Put(t, kind.Pod, Named(name)))
		}
		watchOf(t, s, pods+"&resourceVersion="+versions[0]).expect("ERROR Expired", "")
		watchOf(t, s, pods+"&resourceVersion="+versions[1]).expect("ADDED c@"+versions[2], "ADDED d@"+versions[3])
	})
}

// 25: a version that is yet to come is waited for in silence.
func TestWatchFromTheFuture(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		w := watchOf(t, s, pods+"&resourceVersion=99999&timeoutSeconds=300&allowWatchBookmarks=true")
		s.Put(t, kind.Pod, Named("a"))
		w.expect("")
	})
}

func TestWatchEndsAndBookmarks(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		began := time.Now()
		w := watchOf(t, s, pods+"&allowWatchBookmarks=true&timeoutSeconds=90&resourceVersion="+rv(s))
		w.expect("BOOKMARK @" + rv(s))
		if d := time.Since(began); d != time.Minute {
			t.Errorf("a bookmark after %s", d)
		}
		w.expect("BOOKMARK @" + rv(s))
		if d := time.Since(began); d != 88*time.Second {
			t.Errorf("the last bookmark after %s", d)
		}
		w.expect("")
		if d := time.Since(began); d != 90*time.Second {
			t.Errorf("the end after %s", d)
		}
		watchOf(t, s, pods+"&timeoutSeconds=90&resourceVersion="+rv(s)).expect("") // no bookmarks
	})
}

func TestWatchMalformed(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		for path, want := range map[string]metaStatus{
			pods + "&resourceVersion=x":                 {500, ""}, // 28
			pods + "&labelSelector=%3D%3D":              {400, "BadRequest"},
			pods + "&fieldSelector=spec.nothing%3Dx":    {400, "BadRequest"},
			pods + "&timeoutSeconds=x":                  {400, "BadRequest"},
			pods + "&resourceVersionMatch=NotOlderThan": {422, "Invalid"},
		} {
			if st := refused(t, s, path); (metaStatus{int(st.Code), string(st.Reason)}) != want {
				t.Errorf("%s: %+v", path, st)
			}
		}
	})
}

type metaStatus struct {
	code   int
	reason string
}

// 41: a custom resource goes.
func TestUnregister(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		const path = "/apis/example.com/v1/widgets"
		a := s.Put(t, widget, Named("a"))
		w := watchOf(t, s, path+"?watch=true")
		w.expect("ADDED a@" + a)
		s.Unregister(widget)
		s.Unregister(widget)
		s.Unregister(kind.Pod) // a built-in kind stays
		if got := w.next(); len(got) < 9 || got[:9] != "DELETED a" {
			t.Error(got)
		}
		w.expect("")
		if resp, body := read(t, s, path); resp.StatusCode != http.StatusNotFound || string(body) != notServed || resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%d %v %s", resp.StatusCode, resp.Header, body)
		}
		list(t, s, "/api/v1/pods")
		s.Register(widget)
		if l := list(t, s, path); len(l.Items) != 0 {
			t.Errorf("%+v", l)
		}
		watchOf(t, s, path+"?watch=true&resourceVersion="+a).expect("ERROR Expired", "") // what was before is not known
	})
}

// A client that goes away ends its watch: the bubble would not end with a goroutine left in it.
func TestWatchEndsWithItsReader(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		w := watchOf(t, s, pods)
		if err := w.resp.Body.Close(); err != nil {
			t.Error(err)
		}
		s.Put(t, kind.Pod, Named("a"))
	})
}

// A slow reader holds up nobody else.
func TestWatchSlowReader(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		slow, quick := watchOf(t, s, pods), watchOf(t, s, pods)
		last := ""
		for range 100 {
			last = s.Put(t, kind.Pod, Named("a", "x", strings.Repeat("x", 1000)))
			synctest.Wait()
		}
		for event := ""; event != "MODIFIED a@"+last; {
			event = quick.next()
		}
		n := 0
		for event := ""; event != "MODIFIED a@"+last; n++ {
			event = slow.next()
		}
		if n != 100 {
			t.Errorf("%d events", n)
		}
	})
}
