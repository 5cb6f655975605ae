package fake

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// try makes a request that may get no answer.
func try(t *testing.T, s *Server, path string) (*http.Response, error) {
	t.Helper()
	r, _ := ask(t, path)
	resp, err := s.Config().Transport.RoundTrip(r)
	if err == nil {
		t.Cleanup(func() { _ = resp.Body.Close() })
	}
	return resp, err
}

func TestRefuse(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		f := s.Fault(Refuse())
		for _, path := range []string{podList, pods, "/version"} {
			if _, err := try(t, s, path); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s: %v", path, err)
			}
		}
		if f.Count() != 3 {
			t.Errorf("%d", f.Count())
		}
		f.Stop()
		f.Stop()
		list(t, s, podList)
	})
}

func TestFaultConditions(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		const maps, elsewhere = "/api/v1/namespaces/default/configmaps", "/api/v1/namespaces/kube-system/pods"
		for name, c := range map[string]struct {
			conditions []Condition
			refused    string // of the requests below, by number
		}{
			"all":         {nil, "0123456"},
			"kind":        {[]Condition{For(kind.ConfigMap)}, "4"},
			"kinds":       {[]Condition{For(kind.ConfigMap, kind.Pod)}, "01234"},
			"namespace":   {[]Condition{InNamespace("kube-system")}, "3"},
			"no scope":    {[]Condition{InNamespace("")}, "25"},
			"verb":        {[]Condition{Verbs("watch")}, "1"},
			"both":        {[]Condition{Verbs("list"), For(kind.Pod)}, "023"},
			"times":       {[]Condition{Times(2)}, "01"},
			"after":       {[]Condition{After(2), Times(2)}, "23"},
			"never":       {[]Condition{Verbs("patch")}, ""},
			"nonsense":    {[]Condition{Times(-1), After(-1), Verbs("get")}, "56"},
			"kind thrice": {[]Condition{For(kind.Pod), Times(3)}, "012"},
		} {
			f := s.Fault(Refuse(), c.conditions...)
			got := ""
			for i, path := range []string{podList, pods, "/api/v1/pods", elsewhere, maps, "/api/v1/namespaces/default", "/version"} {
				resp, err := try(t, s, path)
				if err != nil {
					got += string(rune('0' + i))
					continue
				}
				_ = resp.Body.Close()
			}
			if got != c.refused || f.Count() != len(c.refused) {
				t.Errorf("%s: refused %s (%d), want %s", name, got, f.Count(), c.refused)
			}
			f.Stop()
		}
	})
}

func TestSubject(t *testing.T) {
	for _, c := range []struct{ method, path, want string }{
		{"POST", podList, "create"},
		{"PUT", podList + "/a", "update"},
		{"PATCH", podList + "/a", "patch"},
		{"DELETE", podList + "/a", "delete"},
		{"DELETE", podList, "deletecollection"},
		{"GET", podList + "/a", "get"},
		{"GET", podList + "?watch=1", "watch"},
		{"GET", podList + "?watch=false", "list"},
		{"GET", "/apis", "get"},
	} {
		r, _ := ask(t, c.path)
		r.Method = c.method
		if got := subjectOf(r); got.verb != c.want {
			t.Errorf("%s %s: %s", c.method, c.path, got.verb)
		}
	}
}

func TestHeal(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		s.Fault(Refuse())
		s.Fault(Status(500))
		s.Heal()
		s.Heal()
		list(t, s, podList)
	})
}

func TestDirect(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		s.Fault(Refuse())
		s.Fault(Stall())
		r, _ := ask(t, pods)
		resp, err := s.Direct().Transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		a := s.Put(t, kind.Pod, Named("a"))
		if n := s.Cut(); n != 0 {
			t.Errorf("cut %d", n)
		}
		if e := decodeEvents(t, resp, 1); e[0].Object.GetResourceVersion() != a {
			t.Errorf("%+v", e)
		}
	})
}

func TestCut(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		w, other := watchOf(t, s, pods), watchOf(t, s, "/api/v1/configmaps?watch=true")
		a := s.Put(t, kind.Pod, Named("a"))
		w.expect("ADDED a@" + a)
		if n := s.Cut(For(kind.Secret)); n != 0 {
			t.Errorf("cut %d, want none", n)
		}
		if n := s.Cut(For(kind.Pod)); n != 1 {
			t.Errorf("cut %d, want 1", n)
		}
		if b, err := io.ReadAll(w.in); len(b) != 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q, %v", b, err)
		}
		c := s.Put(t, kind.ConfigMap, Named("c"))
		other.expect("ADDED c@" + c)
		synctest.Wait()
		if n := s.Cut(); n != 1 {
			t.Errorf("cut %d, want the one that is left", n)
		}
	})
}

// A handler that waits for a reader is cut off too.
func TestCutOfASlowReader(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		s.Put(t, kind.Pod, Named("a", "x", strings.Repeat("x", 10000)))
		resp := fetch(t, s, pods)
		synctest.Wait()
		s.Cut()
		synctest.Wait()
		if n := s.Cut(); n != 0 {
			t.Error("its handler is still there")
		}
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
	})
}

func TestCutInFrame(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		w := watchOf(t, s, pods)
		f := s.Fault(CutInFrame(), Times(2))
		a := s.Put(t, kind.Pod, Named("a"))
		b, err := io.ReadAll(w.in)
		if len(b) < 50 || !strings.HasPrefix(string(b), `{"type":"ADDED"`) || strings.Contains(string(b), "\n") || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q, %v", b, err)
		}
		resp, err := try(t, s, podList)
		if err != nil {
			t.Fatal(err)
		}
		b, err = io.ReadAll(resp.Body)
		if n := resp.ContentLength; int64(len(b)) != n/2 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q, %v", b, err)
		}
		watchOf(t, s, pods).expect("ADDED a@" + a)
		if f.Count() != 2 {
			t.Errorf("%d", f.Count())
		}
	})
}

// Within a compressed answer it is the frame that is cut, too, and what was sent can be read.
func TestCutInFrameCompressed(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		s.Put(t, kind.Pod, Named("a"))
		s.Fault(CutInFrame())
		resp := fetch(t, s, pods+"&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true", "Accept-Encoding", "gzip")
		if resp.Header.Get("Content-Encoding") != "gzip" {
			t.Fatal("not compressed")
		}
		z, err := gzip.NewReader(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(z)
		if !strings.HasPrefix(string(b), `{"type":"ADDED"`) || strings.Contains(string(b), "\n") || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q, %v", b, err)
		}
	})
}

func TestStall(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		w := watchOf(t, s, pods+"&timeoutSeconds=60")
		synctest.Wait()
		f := s.Fault(Stall())
		if f.Count() != 1 {
			t.Errorf("%d requests, want the one that runs", f.Count())
		}
		a := s.Put(t, kind.Pod, Named("a"))
		events, lists := make(chan string, 9), make(chan error, 9)
		go func() {
			events <- w.next()
			events <- w.next()
		}()
		go func() {
			_, err := try(t, s, podList)
			lists <- err
		}()
		time.Sleep(time.Hour) // also the watch's end is held back
		synctest.Wait()
		if len(events) != 0 || len(lists) != 0 {
			t.Error("something was answered")
		}
		f.Stop()
		if event := <-events; event != "ADDED a@"+a {
			t.Error(event)
		}
		if event := <-events; event != "" {
			t.Error(event)
		}
		if err := <-lists; err != nil || f.Count() != 2 {
			t.Error(err, f.Count())
		}
	})
}

// A request that is held back ends with its client, and with a cut; one that its client gave up has no effect.
func TestStallEnds(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		s.Put(t, kind.Pod, Named("a"))
		s.Fault(Stall(), Times(2))
		r, cancel := ask(t, podList+"/a")
		r.Method = http.MethodDelete
		ended := make(chan error, 2)
		go func() {
			_, err := s.Config().Transport.RoundTrip(r)
			ended <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-ended; err == nil {
			t.Error("answered")
		}
		go func() {
			_, err := try(t, s, pods)
			ended <- err
		}()
		synctest.Wait()
		s.Cut()
		if err := <-ended; !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
		if l := list(t, s, podList); l.names() != "a" {
			t.Error(l.names())
		}
	})
}

// The handler of a request that was broken off may still be about to write. That uses up no other fault.
func TestABrokenRequestTakesNoFault(t *testing.T) {
	s := New()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/v1/pods?watch=true", nil)
	x := &exchange{ResponseWriter: httptest.NewRecorder(), faults: &s.faults, request: r, subject: subjectOf(r), ctx: ctx, cancel: cancel}
	x.enter()
	defer x.leave()
	if n := s.Cut(); n != 1 {
		t.Fatalf("cut %d requests, want 1", n)
	}
	f := s.Fault(CutInFrame(), Times(1))
	if x.breaks() || f.Count() != 0 {
		t.Errorf("it happened %d times to the request that was cut", f.Count())
	}
}
