package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/ancho-dev/ancho/internal/plaintext"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/cli"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/rights"
)

// checkProgress is how often a check that takes long says how far it is.
const checkProgress = 5 * time.Second

// errCheckTimeout ends a check that takes too long.
var errCheckTimeout = errors.New("there was no time left: raise --check-timeout, or see why the API server is slow")

// checkReport is what --check prints with -o json.
type checkReport struct {
	OK       bool             `json:"ok"`
	Findings []rights.Finding `json:"findings"`
}

// check asks the API server whether it can be reached, serves what the program watches, and allows what the program needs. It
// starts nothing and writes nothing. It calls step after each of its checks.
func (r *Runtime) check(ctx context.Context, step func()) checkReport {
	defer r.server.CloseIdleConnections()
	var found []rights.Finding
	for _, res := range r.resources() {
		f := r.served(ctx, res)
		found = append(found, f)
		step()
		if f.Verdict == rights.Unknown {
			break // the next one would not be answered either
		}
	}
	found = append(found, r.access.Check(ctx, step)...)
	report := checkReport{OK: true, Findings: found}
	for _, f := range found {
		report.OK = report.OK && f.Verdict == rights.OK
	}
	return report
}

// checks is how many checks there are.
func (r *Runtime) checks() int { return len(r.resources()) + len(r.access.Inquiries) }

// watched is a resource of the planned streams.
type watched struct {
	kind.Resource

	optional bool // all that watches it can do without it
}

// resources are those of the planned streams, each once.
func (r *Runtime) resources() (out []watched) {
	at := map[string]int{}
	for _, s := range r.plan.Streams {
		res, optional := s.Target.Resource, true
		for _, route := range s.Routes {
			for _, b := range route.Bindings {
				optional = optional && b.Optional
			}
		}
		name := res.Version + " " + res.String()
		if i, known := at[name]; known {
			out[i].optional = out[i].optional && optional
			continue
		}
		at[name] = len(out)
		out = append(out, watched{res, optional})
	}
	return out
}

// served asks whether the server serves a resource, as its stream does after a 404.
func (r *Runtime) served(ctx context.Context, res watched) rights.Finding {
	f := rights.Finding{Verdict: rights.OK, What: fmt.Sprintf("%s %s is served", res.GVK().GroupVersion(), res.Plural)}
	d, err := r.server.Discover(ctx, res.Resource)
	switch {
	case err != nil:
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		f.Verdict, f.Detail = rights.Unknown, rights.CannotCheck(err)
	case !d.Served && res.optional:
		f.What, f.Detail = fmt.Sprintf("%s %s is optional", res.GVK().GroupVersion(), res.Plural), "not served"
	case !d.Served:
		f.Verdict, f.Detail = rights.Missing, plaintext.Bound(d.Message)
	}
	return f
}

// write prints one line for each finding, or JSON.
func (c *checkReport) write(w io.Writer, format string) error {
	if format == cli.OutputJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(c)
	}
	for _, f := range c.Findings {
		line := fmt.Sprintf("%-8s %s", f.Verdict, f.What)
		if f.Detail != "" {
			line += ": " + f.Detail
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// checkAloud is check, which says every few seconds how far it is.
func (r *Runtime) checkAloud(ctx context.Context, stderr io.Writer) checkReport {
	var done atomic.Int64
	over, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		t := time.NewTicker(checkProgress)
		defer t.Stop()
		for {
			select {
			case <-over:
				return
			case <-t.C:
				_, _ = fmt.Fprintf(stderr, "checked %d of %d\n", done.Load(), r.checks()) // there is nowhere else to say it
			}
		}
	}()
	defer func() {
		close(over)
		<-told
	}()
	return r.check(ctx, func() { done.Add(1) })
}

// runCheck is --check. Wrong declarations were found before.
func (r *Runtime) runCheck(f cli.Flags, stdout, stderr io.Writer) int {
	ctx, stop := untilSignal(r.o)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, f.Within, errCheckTimeout)
	defer cancel()
	report := r.checkAloud(ctx, stderr)
	if err := report.write(stdout, f.Output); err != nil {
		return fail(stderr, ExitFailed, err)
	}
	if !report.OK {
		return ExitFailed
	}
	return ExitStopped
}
