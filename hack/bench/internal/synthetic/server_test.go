package synthetic

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

func started(t *testing.T, n int) *Server {
	t.Helper()
	s, err := Start(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func get(t *testing.T, s *Server, path, accept string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

const initial = "/api/v1/pods?watch=true&sendInitialEvents=true"

// events reads a watch.
func events(t *testing.T, resp *http.Response) func() (string, *corev1.Pod) {
	t.Helper()
	from := bufio.NewReader(resp.Body)
	lines := json.NewDecoder(from)
	protobuf := strings.HasPrefix(resp.Header.Get("Content-Type"), "application/vnd.kubernetes.protobuf")
	return func() (string, *corev1.Pod) {
		t.Helper()
		var e metav1.WatchEvent
		p := &corev1.Pod{}
		var err error
		if protobuf {
			err = frame(from, &e, p)
		} else if err = lines.Decode(&e); err == nil {
			err = json.Unmarshal(e.Object.Raw, p)
		}
		if err != nil {
			t.Fatal(err)
		}
		return e.Type, p
	}
}

func frame(from io.Reader, e *metav1.WatchEvent, p *corev1.Pod) error {
	var size [4]byte
	if _, err := io.ReadFull(from, size[:]); err != nil {
		return err
	}
	raw := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(from, raw); err != nil {
		return err
	}
	if err := e.Unmarshal(raw); err != nil {
		return err
	}
	body, ok := strings.CutPrefix(string(e.Object.Raw), "k8s\x00")
	if !ok {
		return errors.New("an object without the magic number")
	}
	var u runtime.Unknown
	if err := u.Unmarshal([]byte(body)); err != nil {
		return err
	}
	return p.Unmarshal(u.Raw)
}

func TestWatch(t *testing.T) {
	for name, accept := range map[string]string{
		"protobuf": "application/vnd.kubernetes.protobuf,application/json",
		"json":     "application/json",
	} {
		t.Run(name, func(t *testing.T) {
			s := started(t, 3)
			next := events(t, get(t, s, initial, accept))
			for i := range 3 {
				typ, p := next()
				if want := Pod(i); typ != "ADDED" || p.Name != want.Name || p.UID != want.UID || p.ResourceVersion != want.ResourceVersion {
					t.Errorf("event %d: %s %s", i, typ, p.Name)
				}
			}
			typ, p := next()
			if typ != "BOOKMARK" || p.Annotations[metav1.InitialEventsAnnotationKey] != "true" {
				t.Errorf("got %s with %v, want the end of the initial events", typ, p.Annotations)
			}
			last := p.ResourceVersion
			if err := s.Add(t.Context(), 3, 4); err != nil {
				t.Fatal(err)
			}
			if err := s.Delete(t.Context(), 0, 2); err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"ADDED 3", "DELETED 0", "DELETED 1"} {
				typ, p := next()
				if got := typ + " " + p.Name[len(p.Name)-1:]; got != want {
					t.Errorf("got %s, want %s", got, want)
				}
				if p.ResourceVersion <= last {
					t.Errorf("%s: the resource version %s is not above %s", want, p.ResourceVersion, last)
				}
				last = p.ResourceVersion
			}
			if n := s.Watches(); n != 1 {
				t.Errorf("%d watches were opened, want 1", n)
			}
		})
	}
}

// The numbers' order is that of the keys, as in a real server's answer.
func TestOrder(t *testing.T) {
	last := ""
	for _, i := range []int{0, 1, 999, 1000, 1001, 99_999, 1_000_000} {
		p := Pod(i)
		if key := p.Namespace + "/" + p.Name; key <= last {
			t.Errorf("%s does not come after %s", key, last)
		} else {
			last = key
		}
	}
}

func TestNoList(t *testing.T) {
	resp := get(t, started(t, 1), "/api/v1/pods", "application/json")
	var status metav1.Status
	if err := json.NewDecoder(resp.Body).Decode(&status); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusMethodNotAllowed || status.Code != http.StatusMethodNotAllowed || status.Kind != "Status" {
		t.Errorf("got %s, %+v", resp.Status, status)
	}
}

func TestDiscovery(t *testing.T) {
	s := started(t, 0)
	for path, want := range map[string]string{
		"/api": `"versions":["v1"]`, "/apis": `"APIGroupList"`, "/version": `"gitVersion"`, "/api/v1": `"name":"pods"`,
	} {
		resp := get(t, s, path, "application/json")
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(text), want) {
			t.Errorf("%s: %s %s %v", path, resp.Status, text, err)
		}
	}
	if resp := get(t, s, "/apis/apps/v1", "application/json"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("another group: %s", resp.Status)
	}
}
