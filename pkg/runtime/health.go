package runtime

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/logbuf"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// health answers the two questions of a kubelet.
type health struct {
	streams  *streams
	strict   bool
	election *election      // nil: there is none
	log      *logbuf.Writer // nil: not known
	started  atomic.Bool
	stopped  atomic.Bool
}

// logStuck is how long the log cannot be written before liveness fails: a new process gets a new pipe.
const logStuck = time.Minute

// stuckFor is how long the write of log lines that is under way has taken; zero: there is none, or nothing is known of it.
func (h *health) stuckFor() time.Duration {
	if h.log == nil {
		return 0
	}
	return h.log.StuckFor()
}

// live says whether the process works: restarting it helps only where a stream has died, which
// nothing that a server does can bring about, or where the log cannot be written.
func (h *health) live(w io.Writer) bool {
	_, dead := h.streams.statuses()
	for _, d := range dead {
		say(w, "dead", d, "")
	}
	stuck := h.stuckFor()
	if stuck >= logStuck {
		say(w, "fail", "log", "not written for "+stuck.Round(time.Second).String())
	}
	return len(dead) == 0 && stuck < logStuck
}

// ready says whether the process does its work: everything was read once, and the server can be
// reached. A stream that the server refuses holds up its own bindings only, and fails readiness
// where that is asked for. A standby is ready if it can have the lease.
func (h *health) ready(w io.Writer, strict bool) bool {
	if h.election != nil && !h.started.Load() && !h.stopped.Load() {
		return h.election.say(w)
	}
	ok := h.started.Load() && !h.stopped.Load()
	if !ok {
		say(w, "wait", "runtime", "starting or stopping")
	}
	if h.election != nil && ok {
		ok = h.election.say(w)
	}
	running, dead := h.streams.statuses()
	for _, s := range running {
		switch verdict := judge(s.State, strict || h.strict); verdict {
		case "ok":
			say(w, verdict, s.Stream, s.State.Phase.String())
		case "blocked":
			say(w, verdict, s.Stream, blockedText(s.State))
		default:
			ok = false
			say(w, verdict, s.Stream, blockedText(s.State))
		}
	}
	for _, d := range dead {
		ok = false
		say(w, "dead", d, "")
	}
	return ok
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
