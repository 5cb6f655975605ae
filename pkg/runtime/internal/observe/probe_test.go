package observe

import (
	"bytes"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// noStreams are the streams of a program before it opens any.
type noStreams struct{}

func (noStreams) Statuses() (running []StreamStatus, dead []string) { return nil, nil }

// Between the start and the first stream a program is not ready, unless it has none.
func TestReadyWithoutStreams(t *testing.T) {
	for planned, want := range map[int]bool{0: true, 1: false} {
		h := &Health{Streams: noStreams{}, Planned: planned}
		h.started.Store(true)
		var text bytes.Buffer
		if got := h.Ready(&text, true); got != want {
			t.Errorf("%d streams planned, none open: ready %t\n%s", planned, got, text.String())
		}
		h.stopped.Store(true)
		if h.Ready(&text, false) {
			t.Error("ready while stopping")
		}
	}
}

// stuckFor is a log that is stuck.
type stuckFor time.Duration

func (s stuckFor) StuckFor() time.Duration { return time.Duration(s) }

// While the log cannot be written the program is not ready, and after a minute it is not live. A write that is under way is no
// reason.
func TestHealthOfTheLog(t *testing.T) {
	for stuck, want := range map[time.Duration]struct{ ready, live bool }{
		0:                      {true, true},
		time.Second:            {true, true},
		logSlow:                {false, true},
		logStuck - time.Second: {false, true},
		logStuck:               {false, false},
		2 * logStuck:           {false, false},
	} {
		h := &Health{Streams: noStreams{}, Log: stuckFor(stuck)}
		h.started.Store(true)
		var text bytes.Buffer
		if ready, live := h.Ready(&text, false), h.Live(&text); ready != want.ready || live != want.live {
			t.Errorf("stuck for %s: ready %t, live %t\n%s", stuck, ready, live, text.String())
		}
	}
}

// What a probe answers is bounded, with a note that there is more.
func TestProbesAreBounded(t *testing.T) {
	ask := Probe(func(b *bytes.Buffer) bool {
		for range 10000 {
			say(b, "ok", "/api/v1/namespaces/a/configmaps?watch=true", "streaming")
		}
		return false
	})
	w := httptest.NewRecorder()
	ask(w, nil)
	if w.Body.Len() > probeLimit+100 || !strings.HasSuffix(w.Body.String(), "see /debug on the admin address\nnot ok\n") {
		t.Errorf("%d bytes, the last %q", w.Body.Len(), w.Body.String()[max(0, w.Body.Len()-100):])
	}
}
