package fake

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const tape = `{"format":"ancho-recording","version":1,"began":"2026-01-01T00:00:00Z"}
{"n":1,"at":5000000,"what":"request","method":"GET","url":"/api/v1/pods?timeoutSeconds=300&watch=true"}
{"n":2,"at":5000000,"what":"request","method":"GET","url":"/api/v1/secrets","leftOut":"secret"}
{"n":1,"at":6000000,"what":"answer","status":200,"header":{"Content-Type":["application/json"]}}
{"n":1,"at":7000000,"what":"data","text":"one "}
{"n":1,"at":8000000,"what":"data","text":"two "}
{"n":1,"at":9000000,"what":"end"}
{"n":3,"at":9000000,"what":"request","method":"GET","url":"/version"}
{"n":3,"at":9500000,"what":"failed","error":"no route"}
`

// A replay gives what was recorded, when it came; what a client left goes on, and what is not there is said to be missing.
func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := NewReplay(strings.NewReader(tape))
		if err != nil {
			t.Fatal(err)
		}
		get := func(path string) (*http.Response, error) {
			r, _ := ask(t, path)
			return p.Config().Transport.RoundTrip(r)
		}
		began := time.Now()
		resp, err := get("/api/v1/pods?watch=true&timeoutSeconds=7")
		if err != nil || resp.Header.Get("Content-Type") != "application/json" || time.Since(began) != time.Second {
			t.Fatalf("%v, %v, after %s", resp, err, time.Since(began))
		}
		b := make([]byte, 9)
		if n, err := resp.Body.Read(b); err != nil || string(b[:n]) != "one " || time.Since(began) != 2*time.Second {
			t.Errorf("%q, %v, after %s", b[:n], err, time.Since(began))
		}
		_ = resp.Body.Close()
		if resp, err = get("/api/v1/pods?watch=true&resourceVersion=5"); err != nil { // goes on
			t.Fatal(err)
		}
		rest, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if string(rest) != "two " || err != nil || time.Since(began) != 4*time.Second {
			t.Errorf("%q, %v, after %s", rest, err, time.Since(began))
		}
		if resp, err = get("/api/v1/pods?limit=1"); err != nil {
			t.Fatal(err)
		}
		head, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if !strings.Contains(string(head), `"resourceVersion":"5"`) {
			t.Errorf("%s", head)
		}
		if got := p.Left(); !slices.Equal(got, []string{"GET /api/v1/secrets", "GET /version"}) {
			t.Errorf("left %q", got)
		}
		for path, says := range map[string]string{
			"/version": "no route", "/api/v1/secrets": "left out: secret", "/api/v1/nodes": "holds no answer to GET /api/v1/nodes",
		} {
			if resp, err = get(path); err == nil {
				_ = resp.Body.Close()
			}
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v, want something with %q", path, err, says)
			}
		}
		missing := p.Missing()
		slices.Sort(missing)
		if !slices.Equal(missing, []string{"GET /api/v1/nodes", "GET /api/v1/secrets"}) {
			t.Errorf("missing %q", missing)
		}
	})
}

func TestReplayOfNoRecording(t *testing.T) {
	bad := strings.Replace(tape, "/version", "no path", 1)
	for _, text := range []string{"", "hello\n", bad} {
		if _, err := NewReplay(strings.NewReader(text)); err == nil {
			t.Errorf("%q is replayed", text)
		}
	}
}
