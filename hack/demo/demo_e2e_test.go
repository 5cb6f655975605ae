//go:build e2e

package main

import (
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// The demo itself: everything it shows, in the order it is shown.
func TestDemo(t *testing.T) {
	var out lockedBuffer
	if code := run(nil, &out, &out); code != exitShown {
		t.Fatalf("exit code %d, want %d:\n%s", code, exitShown, out.String())
	}
	rest := out.String()
	for _, want := range []string{
		"-> installed the custom kind WebApp",
		"The plan: 7 bindings share 9 requests",
		"GET /api/v1/namespaces/demo/pods?watch=true\n         for hello/new-pods, hello/gone-pods, hello/web-pods\n",
		"-> applied config/ and issued a token for ServiceAccount ancho-examples/examples",
		"program: ready: /readyz answers 200, 9 of 9 streams",
		"namespaces: applied the defaults  (Added demo,",
		"-> created Namespace team\n   namespaces: applied the defaults  (Added team,",
		"log-level=info region=eu team=blue",
		"-> created ConfigMap demo/greeting with text=\"hello\"\n   hello: the greeting says text=\"hello\"",
		"-> deleted ConfigMap demo/greeting\n   hello: the greeting is gone",
		"-> created Pod demo/web, which the LimitRange gave 256Mi of memory\n   hello: a pod appeared",
		"-> labelled it app=web\n   hello: a pod joined the web pods",
		"-> set its status to Running\n   hello: the web pod runs phase=\"Running\"",
		"-> changed its label to app=api\n   hello: a pod left the web pods",
		"-> deleted it\n   hello: a pod is gone",
		"webapp: the web app is as declared state=\"SecretMissing\"  (Added demo/shop,",
		"-> created the Secret that it uses\n   webapp: the web app is as declared state=\"Progressing\"  (Unchanged demo/shop,",
		"shop.example.com leads to shop.demo.svc",
		"-> as somebody else, deleted the Deployment",
		"cluster: another Deployment is in its place",
		"cluster: the Service leads to the WebApp's Pods again",
		"-> changed the Secret",
		"cluster: the Deployment has another revision",
		"-> deleted the WebApp\n   webapp: took the host back",
		"cluster: the WebApp is gone, and the host shop.example.com leads nowhere",
		"-> killed the API server (SIGKILL)\n   program: alive (/healthz answers 200), and not ready",
		"blocked (unreachable)",
		"ready again",
		"no other call",
		"-> sent SIGTERM\n   program: ended with exit code 0",
		"Done in",
	} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("%q is missing, or not where it should be:\n%s", want, out.String())
		}
		rest = after
	}
}

// With --keep it goes on until it is interrupted, and that is a good end.
func TestDemoKeeps(t *testing.T) {
	var out lockedBuffer
	out.notice, out.noticed = "Ctrl-C stops it all", make(chan struct{})
	code := make(chan int, 1)
	go func() { code <- run([]string{"--keep"}, &out, &out) }()
	select {
	case <-out.noticed:
	case c := <-code:
		t.Fatalf("ended with %d before it was interrupted:\n%s", c, out.String())
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if c := <-code; c != exitShown || !strings.Contains(out.String(), "program: ended with exit code 0") {
		t.Errorf("exit code %d, want %d:\n%s", c, exitShown, out.String())
	}
}

// lockedBuffer may be read while it is written to, and tells when a text was written.
type lockedBuffer struct {
	notice  string
	noticed chan struct{}

	mu  sync.Mutex
	buf strings.Builder
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.notice != "" && strings.Contains(string(p), b.notice) {
		b.notice = ""
		close(b.noticed)
	}
	return b.buf.Write(p)
}

// String returns what was written.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
