package observe

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

const (
	// logSlow is how long a write of the log may take before readiness fails.
	logSlow = 10 * time.Second
	// logStuck is the same for liveness: a new process gets a new pipe.
	logStuck = time.Minute
)

// probeLimit is how many bytes of lines a probe answers; the kubelet reads the first 10 KiB.
const probeLimit = 64 << 10

// Health answers the two questions of a kubelet.
type Health struct {
	Streams  Streams
	Planned  int // streams
	Strict   bool
	Election *replicas.Election // nil: there is none
	// Rights says what a standby lacks, a line at a time, and whether that is no reason to fail.
	Rights func(say func(verdict, what, detail string), strict bool) bool
	Log    interface { // nil: not known
		StuckFor() time.Duration
	}
	started atomic.Bool
	stopped atomic.Bool
}

// Begin notes that callbacks may be called from now on.
func (h *Health) Begin() { h.started.Store(true) }

// End notes that callbacks may not be called any more.
func (h *Health) End() { h.stopped.Store(true) }

// stuckFor is how long the write of log lines that is under way has taken; zero: there is none, or nothing is known of it.
func (h *Health) stuckFor() time.Duration {
	if h.Log == nil {
		return 0
	}
	return h.Log.StuckFor()
}

// Live says whether the process works: restarting it helps only where a stream has died, which
// nothing that a server does can bring about, or where the log cannot be written.
func (h *Health) Live(w io.Writer) bool {
	_, dead := h.Streams.Statuses()
	for _, d := range dead {
		say(w, "dead", d, "")
	}
	return h.logWritten(w, logStuck) && len(dead) == 0
}

// logWritten says whether the log is written within a limit.
func (h *Health) logWritten(w io.Writer, limit time.Duration) bool {
	d := h.stuckFor()
	if d >= limit {
		say(w, "fail", "log", "not written for "+d.Round(time.Second).String())
	}
	return d < limit
}

// Ready says whether the process does its work: the log can be written, every stream that the server does not refuse has read its
// first snapshot, at least one stream works, and the server can be reached. A stream that the server refuses holds up its own
// bindings only, and fails readiness where that is asked for. A program without streams is ready. A standby is ready
// if it can have the lease.
func (h *Health) Ready(w io.Writer, strict bool) bool {
	strict = strict || h.Strict
	ok := h.logWritten(w, logSlow)
	if h.Election != nil && !h.started.Load() && !h.stopped.Load() {
		ok = h.leads(w) && ok
		return h.Rights(func(verdict, what, detail string) { say(w, verdict, what, detail) }, strict) && ok
	}
	working := h.started.Load() && !h.stopped.Load()
	if !working {
		say(w, "wait", "runtime", "starting or stopping")
	}
	if h.Election != nil && working {
		working = h.leads(w)
	}
	return h.streamsReady(w, strict) && working && ok
}

// leads writes the line of the leader election, and tells whether this replica leads or is ready to.
func (h *Health) leads(w io.Writer) bool {
	lease, verdict, detail, ok := h.Election.Ready()
	say(w, verdict, lease, detail)
	return ok
}

// streamsReady writes a line for each stream, those that work last.
func (h *Health) streamsReady(w io.Writer, strict bool) bool {
	running, dead := h.Streams.Statuses()
	ok, refused, absent := true, 0, 0
	for _, d := range dead {
		ok = false
		say(w, "dead", d, "")
	}
	var fine []StreamStatus
	for _, s := range running {
		if s.absent() {
			absent++
			say(w, "ok", s.Stream, "optional, not served")
			continue
		}
		if s.State.Phase == watcher.Blocked {
			refused++
		}
		switch verdict := judge(s.State, strict); verdict {
		case "ok":
			fine = append(fine, s)
		case "blocked":
			say(w, verdict, s.Stream, blockedText(s.State))
		default:
			ok = false
			say(w, verdict, s.Stream, blockedText(s.State))
		}
	}
	switch {
	case len(running) == 0 && len(dead) == 0 && h.Planned > 0:
		ok = false
		say(w, "wait", "streams", "none is open")
	case refused > 0 && refused+absent == len(running):
		ok = false
		say(w, "fail", "streams", "all are blocked")
	}
	for _, s := range fine {
		say(w, "ok", s.Stream, s.State.Phase.String())
	}
	return ok
}

// absent says that the stream is of an optional kind that is not served, which is no fault.
func (s *StreamStatus) absent() bool {
	return s.Optional && s.State.Phase == watcher.Blocked && s.State.Reason == watcher.ReasonNotServed
}

// judge puts a stream's state in one word: ok, blocked (which does not fail readiness), wait or fail.
func judge(s watcher.State, strict bool) string {
	switch {
	case s.Phase == watcher.Blocked && outage(s.Reason):
		return "fail"
	case s.Phase == watcher.Blocked && strict:
		return "fail"
	case s.Phase == watcher.Blocked:
		return "blocked"
	case !s.Synced:
		return "wait"
	}
	return "ok"
}

// outage says whether a stream is blocked because of the server as a whole. A 5xx is none: it may be
// the conversion webhook of one kind.
func outage(r watcher.Reason) bool {
	return r == watcher.ReasonUnreachable || r == watcher.ReasonUnauthorized
}

func blockedText(s watcher.State) string {
	text := s.Phase.String()
	if s.Reason != "" {
		text += " (" + string(s.Reason) + ")"
	}
	if s.Message != "" {
		text += ": " + s.Message
	}
	return text
}

// say writes one line of a probe's answer; a reader that went away is not missed.
func say(w io.Writer, verdict, what, detail string) {
	_, _ = fmt.Fprintf(w, "%-7s %s %s\n", verdict, what, detail)
}

// Probe serves a question of the kubelet: it answers 200 or 503 with one line for each thing that was looked at.
func Probe(ask func(*bytes.Buffer) bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var text bytes.Buffer
		code, verdict := http.StatusOK, "ok"
		if !ask(&text) {
			code, verdict = http.StatusServiceUnavailable, "not ok"
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(code)
		lines := text.Bytes()
		if len(lines) > probeLimit {
			lines = append(lines[:probeLimit:probeLimit], "\n... and more: see /debug on the admin address\n"...)
		}
		_, _ = fmt.Fprintf(w, "%s%s\n", lines, verdict) // the reader may have gone
	}
}
