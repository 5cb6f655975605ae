package conformance

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// Result is what came of a case.
type Result struct {
	Case
	// Shown says that the server behaves as the case wants it.
	Shown bool
	// Reason is why it is known not to, if it is.
	Reason string
}

// caseTimeout ends a case in which something that should come does not. No case takes as long.
const caseTimeout = 2 * time.Minute

// Run tests a server with all cases, each as a subtest, in parallel except for cases that lose the history. It returns
// when all are done, with the results in the order of Cases. A case that a filter of tests left out has a zero
// Result.
func Run(t *testing.T, rig Rig) []Result {
	t.Helper()
	all := Cases()
	results := make([]Result, len(all))
	run := func(t *testing.T, alone bool) {
		for i, c := range all {
			if c.alone() != alone {
				continue
			}
			t.Run(title(c.Name), func(t *testing.T) {
				if !alone {
					t.Parallel()
				}
				rig.Serve(t, func(t *testing.T, s Server) {
					var wrong []string
					results[i], wrong = judge(t.Context(), rig.Name, c, s)
					for _, line := range wrong {
						t.Error(line)
					}
				})
			})
		}
	}
	t.Run(rig.Name+"_together", func(t *testing.T) { run(t, false) })
	t.Run(rig.Name+"_alone", func(t *testing.T) { run(t, true) })
	return results
}

// title is a name without what a subtest's name cannot show.
func title(name string) string { return strings.NewReplacer(" ", "_", "/", "_").Replace(name) }

// judge runs a case and holds it to what is known. It returns what is wrong about that, too.
func judge(ctx context.Context, rig string, c Case, s Server) (Result, []string) {
	why, known := c.NotShownBy[rig]
	if n := c.lacks(s); n != "" {
		if known {
			return Result{Case: c, Reason: why}, nil
		}
		return Result{Case: c}, []string{fmt.Sprintf("the server has no %s, which this case needs: say in Case.NotShownBy why not", n)}
	}
	wrong := play(ctx, c, s)
	switch {
	case known && len(wrong) > 0:
		return Result{Case: c, Reason: why}, nil
	case known:
		return Result{Case: c, Shown: true}, []string{fmt.Sprintf("this is shown after all: take %q out of Case.NotShownBy", why)}
	}
	return Result{Case: c, Shown: len(wrong) == 0}, wrong
}

// play runs a case, and returns what was wrong.
func play(ctx context.Context, c Case, s Server) []string {
	ctx, cancel := context.WithTimeout(ctx, caseTimeout)
	defer cancel()
	p := &probe{ctx: ctx, server: s, namespace: namespaceOf(c.Name)}
	var running sync.WaitGroup
	running.Go(func() { // fatalf ends it
		defer p.cleanup()
		p.connect()
		p.post("/api/v1/namespaces", `{"metadata":{"name":"`+p.namespace+`"}}`).is(http.StatusCreated)
		c.run(p)
	})
	running.Wait()
	return p.wrong
}
