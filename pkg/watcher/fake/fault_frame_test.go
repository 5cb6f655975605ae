package fake

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ancho-dev/ancho/pkg/kind"
)

const snapshot = "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"

func TestDuplicate(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		f := s.Fault(Duplicate(), Object("default", "a"))
		w := watchOf(t, s, pods+snapshot)
		w.expect("BOOKMARK end@" + rv(s))
		a := s.Put(t, kind.Pod, Named("a"))
		b := s.Put(t, kind.Pod, Named("b"))
		w.expect("ADDED a@"+a, "ADDED a@"+a, "ADDED b@"+b)
		if f.Count() != 1 {
			t.Errorf("%d", f.Count())
		}
	})
}

func TestReplay(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		a := s.Put(t, kind.Pod, Named("a"))
		b := s.Put(t, kind.Pod, Named("b"))
		c := s.Put(t, kind.Pod, Named("c"))
		d := s.Put(t, kind.Pod, Named("d"))
		s.Fault(Replay(2), Times(1))
		watchOf(t, s, pods+"&resourceVersion="+c).expect("ADDED b@"+b, "ADDED c@"+c, "ADDED d@"+d)
		watchOf(t, s, pods+"&resourceVersion="+c).expect("ADDED d@" + d)
		s.Fault(Replay(9))
		watchOf(t, s, pods+"&resourceVersion="+b).expect("ADDED a@"+a, "ADDED b@"+b, "ADDED c@"+c, "ADDED d@"+d)
	})
}

func TestBookmarksLeftOut(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		a := s.Put(t, kind.Pod, Named("a"))
		f := s.Fault(NoEndBookmark())
		watchOf(t, s, pods+snapshot+"&timeoutSeconds=90").expect("ADDED a@"+a, "BOOKMARK @"+rv(s), "BOOKMARK @"+rv(s), "")
		if f.Count() != 1 {
			t.Errorf("%d", f.Count())
		}
		f.Stop()
		s.Fault(NoBookmarks())
		watchOf(t, s, pods+snapshot+"&timeoutSeconds=90").expect("ADDED a@"+a, "")
	})
}

func TestUnknownEvent(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		s.Fault(UnknownEvent(), Times(1))
		w := watchOf(t, s, pods)
		a := s.Put(t, kind.Pod, Named("a"))
		b := s.Put(t, kind.Pod, Named("b"))
		w.expect("RENAMED a@"+a, "ADDED b@"+b)
	})
}

func TestHuge(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		s.Fault(Huge(1<<20), Times(1))
		s.Put(t, kind.Pod, Named("a"))
		resp := fetch(t, s, pods+"&timeoutSeconds=10")
		b, err := io.ReadAll(resp.Body)
		if err != nil || len(b) < 1<<20 || !json.Valid(b) {
			t.Errorf("%d bytes, %v", len(b), err)
		}
		if l := list(t, s, podList); l.names() != "a" || l.Items[0]["metadata"].(map[string]any)["annotations"] != nil {
			t.Errorf("%+v", l)
		}
	})
}

func TestUndecodable(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		s.Fault(Undecodable(), Object("default", "a"))
		s.Put(t, kind.Pod, Named("a"))
		s.Put(t, kind.Pod, Named("b"))
		events := decodeEvents(t, fetch(t, s, pods), 2)
		for i, fits := range []bool{false, true} {
			text, err := json.Marshal(events[i].Object.Object)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, &corev1.Pod{}); (err == nil) != fits {
				t.Errorf("%s as a Pod: %v", text, err)
			}
		}
		var u runtime.Unknown
		raw, ok := bytes.CutPrefix(frame(t, fetch(t, s, pods, "Accept", pb).Body).Object.Raw, []byte("k8s\x00"))
		if err := u.Unmarshal(raw); !ok || err != nil || u.Kind != "Pod" {
			t.Error(err)
		}
		if new(corev1.Pod).Unmarshal(u.Raw) == nil {
			t.Error("it is a Pod")
		}
	})
}

func TestSplit(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		a := s.Put(t, kind.Pod, Named("a"))
		for _, size := range []int{0, 1, 7} {
			f := s.Fault(Split(size))
			resp := fetch(t, s, pods)
			b := make([]byte, 100)
			n, err := resp.Body.Read(b)
			if err != nil || n != max(size, 1) {
				t.Errorf("read %d bytes, %v, want %d", n, err, size)
			}
			watchOf(t, s, pods).expect("ADDED a@" + a)
			list(t, s, podList)
			f.Stop()
		}
	})
}

func TestWatchListUnknown(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		a := s.Put(t, kind.Pod, Named("a"))
		for code, reason := range map[int]metav1.StatusReason{400: "BadRequest", 405: "MethodNotAllowed", 422: "Invalid"} {
			f := s.Fault(NoWatchList(code))
			if st := refused(t, s, pods+snapshot); int(st.Code) != code || st.Reason != reason {
				t.Errorf("%+v", st)
			}
			watchOf(t, s, pods).expect("ADDED a@" + a)
			if f.Count() != 1 {
				t.Errorf("%d", f.Count())
			}
			f.Stop()
		}
		s.Fault(IgnoreWatchList())
		watchOf(t, s, pods+snapshot+"&timeoutSeconds=30").expect("ADDED a@"+a, "BOOKMARK @"+rv(s), "")
	})
}

func TestRestore(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		a := s.Put(t, kind.Pod, Named("a"))
		back := s.Backup()
		for range 2 {
			s.Put(t, kind.Pod, Named("b"))
			s.Remove(t, kind.Pod, "default", "a")
			before := rv(s)
			w := watchOf(t, s, pods+"&resourceVersion="+before)
			s.Restore(back)
			if _, err := io.ReadAll(w.in); err == nil {
				t.Error("a watch ended as if nothing was")
			}
			if l := list(t, s, podList); l.names() != "a" || l.Metadata.ResourceVersion != a {
				t.Errorf("%+v", l)
			}
			late := watchOf(t, s, pods+"&timeoutSeconds=60&resourceVersion="+before)
			w = watchOf(t, s, pods+"&resourceVersion="+a)
			c := s.Put(t, kind.Pod, Named("c"))
			w.expect("ADDED c@" + c)
			late.expect("") // 25
			watchOf(t, s, pods+"&resourceVersion="+a).expect("ADDED c@" + c)
		}
	})
}

// A custom resource that came after the backup is gone; one that went is there again.
func TestRestoreOfResources(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		s.Put(t, widget, Named("a"))
		back := s.Backup()
		s.Unregister(widget)
		empty := s.Backup()
		s.Restore(back)
		if l := list(t, s, "/apis/example.com/v1/widgets"); l.names() != "a" {
			t.Errorf("%+v", l)
		}
		s.Restore(empty)
		if resp, _ := read(t, s, "/apis/example.com/v1/widgets"); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%d", resp.StatusCode)
		}
	})
}
