package apiclient

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

const expiredJSON = `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old","reason":"Expired","code":410}`

func TestResponseStatus(t *testing.T) {
	for _, c := range []struct {
		name              string
		code              int
		contentType, body string
		want              int32
		message           string
	}{
		{"a Status", 410, "application/json", expiredJSON, 410, "too old"},
		{"text", 404, "text/plain; charset=utf-8", "404 page not found\n", 404, "404 page not found"},
		{"nothing", 503, "", "", 503, "Service Unavailable"},
		{"a page of a proxy", 502, "text/html", "<html>Bad Gateway</html>", 502, "Bad Gateway"},
	} {
		r := newResponse(answer(c.code, c.contentType, c.body))
		for range 2 { // also when the body has been read
			if got := r.Status(); got == nil || got.Code != c.want || !strings.Contains(got.Message, c.message) {
				t.Errorf("%s: %+v", c.name, got)
			}
		}
		if r.OK() {
			t.Errorf("%s is taken for an answer", c.name)
		}
	}
	broken := answer(500, "application/json", "")
	broken.Body = io.NopCloser(iotest.ErrReader(errors.New("reset")))
	if got := newResponse(broken).Status(); got.Code != 500 || got.Message == "" {
		t.Errorf("broken off: %+v", got)
	}
	endless := answer(500, "text/plain", "")
	endless.Body = io.NopCloser(endlessText{})
	if got := newResponse(endless).Status(); got.Code != 500 || len(got.Message) > 1024 {
		t.Errorf("endless: %d bytes of message", len(got.Message))
	}
}

// endlessText never ends.
type endlessText struct{}

func (endlessText) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestResponseRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{"7": 7 * time.Second, now.Add(time.Minute).Format(http.TimeFormat): time.Minute, "": -1, "x": -1} {
		d, ok := newResponse(answer(429, "", "", "Retry-After", header)).RetryAfter(now)
		if ok != (want >= 0) || ok && d != want {
			t.Errorf("%q: %v, %v", header, d, ok)
		}
	}
}

func TestResponseReaders(t *testing.T) {
	watch := newResponse(answer(200, "application/json", `{"type":"ADDED","object":{"metadata":{"name":"a"}}}`))
	frames, err := watch.Frames(wire.ReaderOptions{})
	if err != nil || !watch.OK() {
		t.Fatal(err)
	}
	if f, err := frames.Next(); err != nil || f.Meta.Name != "a" || f.Type != wire.Added {
		t.Errorf("%+v, %v", f, err)
	}
	items, err := newResponse(answer(200, "application/json", `{"kind":"XList","metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"a"}}]}`)).Items(wire.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if f, err := items.Next(); err != nil || f.Meta.Name != "a" || f.Type != wire.Listed {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := items.Next(); !errors.Is(err, io.EOF) || items.Meta().ResourceVersion != "5" {
		t.Errorf("%v, %+v", err, items.Meta())
	}
	table := newResponse(answer(200, "application/json;as=Table;v=v1;g=meta.k8s.io", `{}`))
	if _, err := table.Frames(wire.ReaderOptions{}); err == nil {
		t.Error("a Table is read as a watch")
	}
	if _, err := table.Items(wire.ReaderOptions{}); err == nil {
		t.Error("a Table is read as a list")
	}
}

func gzipped(t *testing.T, parts ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, p := range parts {
		w := gzip.NewWriter(&out)
		if _, err := io.WriteString(w, p); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func compressed(body io.Reader) *Response {
	resp := answer(200, "application/json", "", "Content-Encoding", "gzip")
	resp.Body = io.NopCloser(body)
	return newResponse(resp)
}

func TestGzipMembers(t *testing.T) {
	parts := []string{"first", "", strings.Repeat("second", 1000), "third"}
	want := strings.Join(parts, "")
	all := gzipped(t, parts...)
	for name, in := range map[string]io.Reader{
		"at once": bytes.NewReader(all), "byte by byte": iotest.OneByteReader(bytes.NewReader(all)), "end with it": iotest.DataErrReader(bytes.NewReader(all)),
	} {
		if got, err := io.ReadAll(compressed(in).Body); err != nil || string(got) != want {
			t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(want), err)
		}
	}
	if got, err := io.ReadAll(compressed(strings.NewReader("")).Body); err != nil || len(got) > 0 {
		t.Errorf("nothing: %q, %v", got, err)
	}
	ends := map[int]bool{}
	for i := range parts {
		ends[len(gzipped(t, parts[:i+1]...))] = true
	}
	for cut := 1; cut < len(all); cut++ {
		got, err := io.ReadAll(compressed(bytes.NewReader(all[:cut])).Body)
		if (err == nil) != ends[cut] || !strings.HasPrefix(want, string(got)) {
			t.Fatalf("cut at %d of %d: %v", cut, len(all), err)
		}
	}
	if _, err := io.ReadAll(compressed(strings.NewReader("not gzip at all")).Body); err == nil {
		t.Error("what is not gzip was read")
	}
	if n, err := compressed(bytes.NewReader(all)).Body.Read(nil); n != 0 || err != nil {
		t.Errorf("reading nothing: %d, %v", n, err)
	}
}

// A member is read to its last byte before the next has begun: the server flushes by ending members, and may
// have nothing more to say for minutes.
func TestGzipDoesNotWaitForTheNextMember(t *testing.T) {
	r, w := io.Pipe()
	defer r.Close()
	body := compressed(r).Body
	for _, part := range []string{"first", strings.Repeat("second", 10000)} {
		go func() { _, _ = w.Write(gzipped(t, part)) }()
		got := make([]byte, len(part))
		if _, err := io.ReadFull(body, got); err != nil || string(got) != part { // hangs, were it to wait
			t.Fatalf("%v", err)
		}
	}
}

func TestGzipOfErrors(t *testing.T) {
	resp := answer(410, "application/json", string(gzipped(t, expiredJSON)), "Content-Encoding", "gzip")
	if got := newResponse(resp).Status(); got.Reason != metav1.StatusReasonExpired {
		t.Errorf("%+v", got)
	}
}
