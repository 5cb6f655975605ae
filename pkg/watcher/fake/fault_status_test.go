package fake

import (
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/kind"
)

func TestStatus(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		for code, reason := range map[int]metav1.StatusReason{
			400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed", 406: "NotAcceptable", 410: "Expired",
			422: "Invalid", 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable", 504: "Timeout",
		} {
			f := s.Fault(Status(code))
			for _, path := range []string{podList, pods} {
				if st := refused(t, s, path); int(st.Code) != code || st.Reason != reason || st.Message == "" {
					t.Errorf("%d for %s: %+v", code, path, st)
				}
			}
			f.Stop()
		}
		s.Fault(Status(403))
		want := `pods is forbidden: User "fake" cannot list resource "pods" in API group "" in the namespace "default"`
		if st := refused(t, s, podList); st.Message != want {
			t.Error(st.Message)
		}
		want = `namespaces "a" is forbidden: User "fake" cannot get resource "namespaces" in API group "" at the cluster scope`
		if st := refused(t, s, "/api/v1/namespaces/a"); !strings.HasSuffix(st.Message, "cluster scope") && st.Message != want {
			t.Error(st.Message)
		}
	})
}

func TestStatusThatIsNone(t *testing.T) {
	for _, code := range []int{0, 200, 1000} {
		s := New()
		s.Fault(Status(code))
		if st := refused(t, s, podList); st.Code != 500 || !strings.Contains(st.Message, "from 400 to 599") {
			t.Errorf("%+v", st)
		}
	}
}

func TestTooManyRequests(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		s.Fault(TooManyRequests(1500*time.Millisecond), Times(1))
		s.Fault(TooManyRequestsUntil(time.Now().Add(1500*time.Millisecond)), Times(1), After(1))
		resp, body := read(t, s, podList)
		if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "2" || !strings.Contains(string(body), `"retryAfterSeconds":2`) {
			t.Errorf("%d %v %s", resp.StatusCode, resp.Header, body)
		}
		list(t, s, podList)
		resp, body = read(t, s, podList)
		want := time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat)
		if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != want || strings.Contains(string(body), "retryAfterSeconds") {
			t.Errorf("%d %v %s", resp.StatusCode, resp.Header, body)
		}
	})
}

// 18, 37: the form inside an answer of 200.
func TestRefusalInStream(t *testing.T) {
	bubble(t, func(t *testing.T, s *Server) {
		running := watchOf(t, s, pods)
		f := s.Fault(Status(410).InStream(), Times(2))
		running.expect("ERROR Expired", "")
		a := s.Put(t, kind.Pod, Named("a"))
		watchOf(t, s, pods).expect("ERROR Expired", "")
		watchOf(t, s, pods).expect("ADDED a@" + a)
		list(t, s, podList)
		if f.Count() != 2 {
			t.Errorf("%d", f.Count())
		}
		s.Fault(TooManyRequests(time.Second).InStream())
		resp := fetch(t, s, pods)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Retry-After") != "" {
			t.Errorf("%d %v", resp.StatusCode, resp.Header)
		}
		if e := decodeEvents(t, resp, 1); e[0].Object.Object["code"] != int64(429) {
			t.Errorf("%+v", e)
		}
	})
}

func TestProxyError(t *testing.T) {
	s := New()
	s.Fault(ProxyError(0), Times(1))
	s.Fault(ProxyError(503))
	for _, code := range []int{502, 503} {
		resp, body := read(t, s, podList)
		if resp.StatusCode != code || resp.Header.Get("Content-Type") != "text/html" || !strings.Contains(string(body), "<html>") {
			t.Errorf("%d %v %s", resp.StatusCode, resp.Header, body)
		}
	}
}
