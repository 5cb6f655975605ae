package web

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"time"
)

const (
	// defaultSeconds is how long the CPU is profiled, or execution traced, where the request does not say.
	defaultSeconds = 30
	// mostSeconds is the longest.
	mostSeconds = 300
	// slack is the time to write the profile down.
	slack = 30 * time.Second
)

// Profiles serves what net/http/pprof does to go tool pprof and go tool trace, under the name after the last slash of the path:
// profile and trace with seconds (30; 300 at most), and runtime/pprof's profiles with debug and gc. Without a name it lists them.
// One profile and one trace run at a time, and two of the others.
func Profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/{$}", index)
	mux.Handle("GET /debug/pprof/profile", Busy(1, during("profile", pprof.StartCPUProfile, pprof.StopCPUProfile)))
	mux.Handle("GET /debug/pprof/trace", Busy(1, during("trace", trace.Start, trace.Stop)))
	mux.Handle("GET /debug/pprof/{name}", Busy(2, http.HandlerFunc(lookup)))
	return mux
}

func index(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(w, "profile  CPU, for ?seconds=%d\ntrace    execution, for ?seconds=%d\n", defaultSeconds, defaultSeconds)
	for _, p := range pprof.Profiles() {
		_, _ = fmt.Fprintf(w, "%-8s %d\n", p.Name(), p.Count())
	}
}

// lookup writes one of runtime/pprof's profiles, as text where debug asks for it.
func lookup(w http.ResponseWriter, r *http.Request) {
	name, query := r.PathValue("name"), r.URL.Query()
	p := pprof.Lookup(name)
	if p == nil {
		http.Error(w, fmt.Sprintf("there is no profile %q: /debug/pprof/ lists them", name), http.StatusNotFound)
		return
	}
	if query.Has("seconds") {
		http.Error(w, "seconds: goes with profile and trace", http.StatusBadRequest)
		return
	}
	debug, _ := strconv.Atoi(query.Get("debug")) // anything else is 0, as in net/http/pprof
	if gc, _ := strconv.Atoi(query.Get("gc")); name == "heap" && gc > 0 {
		runtime.GC()
	}
	if debug > 0 {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	} else {
		attach(w, name)
	}
	_ = p.WriteTo(w, debug) // the reader may have gone
}

// during writes what is collected over a time: start until stop, or until the client goes.
func during(name string, start func(io.Writer) error, stop func()) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seconds := defaultSeconds
		if text := r.URL.Query().Get("seconds"); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || n > mostSeconds {
				http.Error(w, fmt.Sprintf("seconds: give a whole number from 1 to %d", mostSeconds), http.StatusBadRequest)
				return
			}
			seconds = n
		}
		d := time.Duration(seconds) * time.Second
		c := http.NewResponseController(w)
		// It takes longer than other requests may. Where there are no deadlines, there is none to move.
		_ = c.SetReadDeadline(time.Now().Add(d + slack))
		_ = c.SetWriteDeadline(time.Now().Add(d + slack))
		attach(w, name)
		if err := start(w); err != nil {
			w.Header().Del("Content-Disposition")
			http.Error(w, name+": "+err.Error(), http.StatusConflict)
			return
		}
		defer stop()
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
		}
	})
}

// attach says that a file follows.
func attach(w http.ResponseWriter, name string) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
}
