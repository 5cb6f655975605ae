package recording

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// server answers by hand.
type server func(r *http.Request) (*http.Response, error)

func (s server) RoundTrip(r *http.Request) (*http.Response, error) { return s(r) }

// says is an answer of pieces, of which each comes a second after the one before, and an error behind them.
func says(contentType string, end error, pieces ...string) server {
	return func(*http.Request) (*http.Response, error) {
		h := http.Header{"Content-Type": {contentType}, "Set-Cookie": {"secret"}}
		return &http.Response{StatusCode: http.StatusOK, Header: h, Body: io.NopCloser(&slow{pieces, end})}, nil
	}
}

type slow struct {
	pieces []string
	end    error
}

func (s *slow) Read(p []byte) (int, error) {
	time.Sleep(time.Second)
	if len(s.pieces) == 0 {
		return 0, s.end
	}
	n := copy(p, s.pieces[0])
	s.pieces = s.pieces[1:]
	return n, nil
}

// request makes a request and reads all of the answer.
func request(t *testing.T, rt http.RoundTripper, method, path string) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "https://user:secret@host.invalid"+path, strings.NewReader("secret"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer secret")
	r.Header.Set("Accept", "application/json")
	resp, err := rt.RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.ReadAll(resp.Body)
	return err
}

// recorded is what f has recorded.
func recorded(t *testing.T, o Options, f func(r *Recorder)) string {
	t.Helper()
	var b bytes.Buffer
	r := New(&b, o)
	stop := r.Start()
	f(r)
	if err := stop(); err != nil {
		t.Error(err)
	}
	return b.String()
}

const pods = "/api/v1/pods?watch=true"

// The format is what doc.go says, and nothing of a credential is in it.
func TestFormat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := recorded(t, Options{}, func(r *Recorder) {
			_ = request(t, r.Wrap(says("application/json", io.EOF, "{\"a\":\"<\u2028>\"}\n", "\xff\x00")), "GET", pods)
			_ = request(t, r.Wrap(says("application/json", io.ErrUnexpectedEOF)), "POST", "/apis/x")
			_ = request(t, r.Wrap(server(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") })), "GET", "/version")
		})
		want := `{"format":"ancho-recording","version":1,"began":"2000-01-01T00:00:00Z"}
{"n":1,"at":0,"what":"request","method":"GET","url":"/api/v1/pods?watch=true","accept":"application/json"}
{"n":1,"at":0,"what":"answer","status":200,"header":{"Content-Type":["application/json"]}}
{"n":1,"at":1000000,"what":"data","text":"{\"a\":\"<\u2028>\"}\n"}
{"n":1,"at":2000000,"what":"data","base64":"/wA="}
{"n":1,"at":3000000,"what":"end"}
{"n":2,"at":3000000,"what":"request","method":"POST","url":"/apis/x","accept":"application/json"}
{"n":2,"at":3000000,"what":"answer","status":200,"header":{"Content-Type":["application/json"]}}
{"n":2,"at":4000000,"what":"end","error":"unexpected EOF"}
{"n":3,"at":4000000,"what":"request","method":"GET","url":"/version","accept":"application/json"}
{"n":3,"at":4000000,"what":"failed","error":"no route"}
`
		if got != want {
			t.Errorf("recorded\n%s\nwant\n%s", got, want)
		}
	})
}

// Whatever a recording is cut off at, what is whole before can be read, and what is read is what was recorded.
func TestCutOffAnywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := recorded(t, Options{}, func(r *Recorder) {
			_ = request(t, r.Wrap(says("application/json", io.EOF, "{}\n", "\xff\x00")), "GET", pods)
			_ = request(t, r.Wrap(says("text/plain", io.ErrUnexpectedEOF)), "GET", "/version")
		})
		first := strings.Index(text, "\n") + 1
		for n := range len(text) + 1 {
			all, err := Read(strings.NewReader(text[:n]))
			switch {
			case n < first-1 && err == nil:
				t.Errorf("the first %d bytes are a recording", n)
			case n >= first && (err != nil || len(all) > 2):
				t.Errorf("the first %d bytes: %v", n, err)
			}
		}
		all, err := Read(strings.NewReader(text))
		if err != nil || len(all) != 2 {
			t.Fatalf("%d, %v", len(all), err)
		}
		header := http.Header{"Content-Type": {"application/json"}}
		want := &Exchange{Method: "GET", URL: pods, Accept: "application/json", Steps: []Step{
			{Status: 200, Header: header}, {At: time.Second, Data: []byte("{}\n")}, {At: 2 * time.Second, Data: []byte("\xff\x00")}, {At: 3 * time.Second, End: true},
		}}
		if !reflect.DeepEqual(all[0], want) {
			t.Errorf("%+v", all[0])
		}
		if end := all[1].Steps[1]; all[1].At != 3*time.Second || !end.End || end.Error != "unexpected EOF" {
			t.Errorf("%+v", all[1])
		}
	})
}

func TestReadOfSomethingElse(t *testing.T) {
	const first = `{"format":"ancho-recording","version":1,"began":"2000-01-01T00:00:00Z"}` + "\n"
	for text, says := range map[string]string{
		"":                                             "--record FILE",
		"hello\n":                                      "--record FILE",
		`{"format":"other"}` + "\n":                    "--record FILE",
		strings.Replace(first, ":1,", ":2,", 1):        "version 2",
		first + "{\n":                                  "line 2",
		first + `{"n":1,"what":"end"}` + "\n":          "about request 1",
		first + `{"n":-1,"what":"data"}` + "\n":        "about request -1",
		first + `{"n":7,"what":"request"}` + "\n":      "about request 7",
		first + `{"n":1,"what":"data","base64":3}\n\n`: "",
	} {
		_, err := Read(strings.NewReader(text))
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%q: %v, want something with %q", text, err, says)
		}
	}
	all, err := Read(strings.NewReader(first + `{"n":1,"what":"request","new":[1]}` + "\n" + `{"n":1,"what":"unheard of"}` + "\n"))
	if err != nil || len(all) != 1 || len(all[0].Steps) != 0 {
		t.Errorf("what is new is not passed over: %+v, %v", all, err)
	}
}

// Secrets are recorded if that is asked for, tokens never.
func TestLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for path, c := range map[string]struct{ byDefault, withSecrets bool }{
			"/api/v1/secrets?watch=true":                         {false, true},
			"/api/v1/namespaces/a/secrets/b":                     {false, true},
			"/k8s/clusters/c-1/api/v1/secrets":                   {false, true},
			"/k8s/api/api/v1/namespaces/a/secrets":               {false, true},
			"//api/v1//secrets":                                  {false, true},
			"/api/v1/watch/namespaces/a/secrets":                 {false, true},
			"/api/v1/watch/secrets":                              {false, true},
			"/x/api/v1/namespaces/a/serviceaccounts/b/token":     {false, false},
			"/x/apis/authentication.k8s.io/v1/tokenreviews":      {false, false},
			"/x/api/v1/namespaces/secrets":                       {true, true},
			"/api/v1/namespaces/secrets":                         {true, true},
			"/api/v1/namespaces/secrets/status":                  {true, true},
			"/api/v1/namespaces/secrets/configmaps":              {true, true},
			"/apis/example.com/v1/secrets":                       {true, true},
			"/api/v1/namespaces/a/serviceaccounts/b/token":       {false, false},
			"/api/v1/namespaces/a/serviceaccounts":               {true, true},
			"/apis/authentication.k8s.io/v1/tokenreviews":        {false, false},
			"/apis/authorization.k8s.io/v1/subjectaccessreviews": {true, true},
			"/api":     {true, true},
			"/":        {true, true},
			"/version": {true, true},
		} {
			for _, secrets := range []bool{false, true} {
				want := c.byDefault
				if secrets {
					want = c.withSecrets
				}
				text := recorded(t, Options{Secrets: secrets}, func(r *Recorder) {
					_ = request(t, r.Wrap(says("application/json", io.EOF, "content")), "GET", path)
				})
				all, err := Read(strings.NewReader(text))
				if err != nil || strings.Contains(text, "content") != want || (all[0].LeftOut == "") != want {
					t.Errorf("%s, with Secrets %t: %v\n%s", path, secrets, err, text)
				}
			}
		}
	})
}

// What the program gives up is told apart from what ends.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := recorded(t, Options{}, func(r *Recorder) {
			ctx, cancel := context.WithCancel(t.Context())
			asked, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://host.invalid/", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := r.Wrap(says("application/json", context.Canceled, "a")).RoundTrip(asked)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close() // before its end
			_, _ = io.ReadAll(resp.Body)
			if resp, err = r.Wrap(says("application/json", context.Canceled, "a")).RoundTrip(asked); err != nil {
				t.Fatal(err)
			}
			_, _ = io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			cancel()
			if resp, err = r.Wrap(server(func(r *http.Request) (*http.Response, error) { return nil, r.Context().Err() })).RoundTrip(asked); err == nil {
				_ = resp.Body.Close()
			}
		})
		if strings.Count(text, whatClosed) != 3 || strings.Contains(text, `"end"`) || strings.Contains(text, whatFailed) || strings.Count(text, whatData) != 1 {
			t.Error(text)
		}
	})
}

// broken is a disk that is full.
type broken struct {
	mu    sync.Mutex
	asked int
}

func (b *broken) Write([]byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	return 0, errors.New("no space left")
}

// A disk that fails is told of once, and stops nobody.
func TestDiskFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, told := &broken{}, make(chan error, 9)
		r := New(disk, Options{Failed: func(err error) { told <- err }})
		stop := r.Start()
		for range 3 {
			synctest.Wait()
			if err := request(t, r.Wrap(says("application/json", io.EOF, "a")), "GET", pods); err != nil {
				t.Error(err)
			}
		}
		if err := stop(); err == nil || disk.asked != 1 || len(told) != 1 {
			t.Errorf("%v, written %d times, told %d times", err, disk.asked, len(told))
		}
		if err := <-told; !strings.Contains(err.Error(), "no space left") {
			t.Error(err)
		}
	})
}

// stuck is a disk that does not answer until it is let go.
type stuck struct{ let chan struct{} }

func (s stuck) Write(b []byte) (int, error) {
	<-s.let
	return len(b), nil
}

// A slow disk holds nobody up, and does not fill the memory.
func TestSlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := stuck{make(chan struct{})}
		r := New(disk, Options{MaxPending: 1000})
		stop := r.Start()
		for range 100 {
			if err := request(t, r.Wrap(says("application/json", io.EOF, strings.Repeat("a", 100))), "GET", pods); err != nil {
				t.Error(err)
			}
		}
		r.mu.Lock()
		if r.waiting > 1000 || !errors.Is(r.failure, ErrTooSlow) {
			t.Errorf("%d bytes wait, %v", r.waiting, r.failure)
		}
		r.mu.Unlock()
		close(disk.let)
		if err := stop(); !errors.Is(err, ErrTooSlow) {
			t.Error(err)
		}
	})
}
