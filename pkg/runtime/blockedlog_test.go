package runtime

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/logbuf"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/logs"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/patience"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
)

// stuckLogger is one whose calls return when open is closed.
func stuckLogger(open <-chan struct{}) logr.Logger {
	return funcr.New(func(string, string) { <-open }, funcr.Options{})
}

// A logger that does not return holds up neither the work, nor the lease, nor the stop; the standby leads at once.
func TestAStuckLoggerHoldsUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		open := make(chan struct{})
		a := c.replicaWith("a", ignoreEvent, func(o *Options) { o.Logger = stuckLogger(open) })
		synctest.Wait()
		b := c.replica("b", ignoreEvent)
		time.Sleep(time.Hour)
		c.create("one")
		synctest.Wait()
		if !a.leads() || len(a.seen) != 1 {
			t.Fatalf("leading: %v, %d calls", a.leads(), len(a.seen))
		}
		begin := time.Now()
		a.term()
		if took := c.leadsAfter(b, time.Minute); took > patience.LastLine {
			t.Errorf("the standby led after %s", took)
		}
		if err := a.stop(); err != nil || time.Since(begin) > patience.LastWords {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
		close(open)
	})
}

// A lease that is lost ends Run in time, and cancels what runs, with such a logger too.
func TestAStuckLoggerDoesNotHoldUpTheEndOfALostLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		open := make(chan struct{})
		var cancelled error
		a := c.replicaWith("a", func(ctx context.Context, _ capability.Event[*corev1.ConfigMap]) error {
			<-ctx.Done()
			cancelled = context.Cause(ctx)
			return nil
		}, func(o *Options) { o.Logger = stuckLogger(open) })
		c.create("one")
		time.Sleep(time.Minute)
		synctest.Wait()
		if !a.leads() {
			t.Fatal("not leading")
		}
		a.cable.set(refuseAll)
		time.Sleep(renewTime + replicas.DefaultRetryPeriod + 2*patience.LastLine)
		synctest.Wait()
		over, err := a.over()
		if !over || !errors.Is(err, replicas.ErrLeaseLost) || !errors.Is(cancelled, replicas.ErrLeaseLost) {
			t.Errorf("over: %v, %v; the call's context: %v", over, err, cancelled)
		}
		close(open)
	})
}

// What a callback recorded last before the stop is written, after the lease was given back.
func TestTheLastEventsAreWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		var env capability.Env
		a := c.replicaWith("a", ignoreEvent, func(o *Options) {
			declare := o.Capabilities[0]
			o.Capabilities = []capability.Func{func(e capability.Env) *capability.Capability {
				env = e
				return declare(e)
			}}
		})
		c.create("one")
		synctest.Wait()
		about := mapNamed("one")
		about.Namespace = "default"
		for range 100 {
			env.Recorder.Eventf(about, nil, corev1.EventTypeNormal, "Again", "Test", "the same")
		}
		for _, reason := range []string{"A", "B", "C"} {
			env.Recorder.Eventf(about, nil, corev1.EventTypeWarning, reason, "Test", "\u202e%s", strings.Repeat("x", 5000))
		}
		if err := a.stop(); err != nil {
			t.Fatal(err)
		}
		events, err := c.client.EventsV1().Events("default").List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		for _, e := range events.Items {
			seen[e.Reason]++
			if e.Reason == "Again" && (e.Series == nil || e.Series.Count != 100) {
				t.Errorf("series %+v, want a count of 100", e.Series)
			}
			if len(e.Note) > 1024 || strings.Contains(e.Note, "\u202e") {
				t.Errorf("note of %d bytes: %.50s", len(e.Note), e.Note)
			}
		}
		if seen["Again"] != 1 || seen["A"] != 1 || seen["B"] != 1 || seen["C"] != 1 {
			t.Errorf("Events %v", seen)
		}
	})
}

// Events that cannot be written delay the end by two seconds at most, and not at all the lease, nor the end of a program that lost it.
func TestEventsThatHangDelayNoLease(t *testing.T) {
	for name, lost := range map[string]bool{"given back": false, "lost": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t)
				noEvents := func(r *http.Request) (*http.Response, error) {
					if strings.Contains(r.URL.Path, "/events") {
						return hangs(r)
					}
					if lost && strings.Contains(r.URL.Path, "/leases") {
						return refuseAll(r)
					}
					return nil, nil
				}
				a := c.replica("a", ignoreEvent)
				synctest.Wait()
				b := c.replica("b", ignoreEvent)
				synctest.Wait()
				env := a.Env()
				a.cable.set(noEvents)
				for range 10 {
					env.Recorder.Eventf(mapNamed("one"), nil, corev1.EventTypeNormal, "Late", "Test", "never written")
				}
				synctest.Wait()
				if lost {
					time.Sleep(renewTime + replicas.DefaultRetryPeriod + patience.LastLine)
					synctest.Wait()
					if over, err := a.over(); !over || !errors.Is(err, replicas.ErrLeaseLost) {
						t.Errorf("over: %v, %v", over, err)
					}
					return
				}
				begin := time.Now()
				a.term()
				if took := c.leadsAfter(b, time.Minute); took > patience.LastLine {
					t.Errorf("the standby led after %s", took)
				}
				if err := a.stop(); err != nil || time.Since(begin) > patience.LastWords+patience.LastLine {
					t.Errorf("%v after %s", err, time.Since(begin))
				}
			})
		})
	}
}

// A log that cannot be written for a minute fails liveness, and what is lost is counted.
func TestAStuckLogFailsLiveness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		out := logbuf.New(writing(func(b []byte) (int, error) { <-open; return len(b), nil }))
		log, err := logs.NewBuffered(out, nil, "info", logs.JSON)
		if err != nil {
			t.Fatal(err)
		}
		c := newCluster(t)
		a := c.replicaWith("a", func(ctx context.Context, _ capability.Event[*corev1.ConfigMap]) error {
			logr.FromContextOrDiscard(ctx).Info(strings.Repeat("x", 4000))
			return nil
		}, func(o *Options) { o.Logger, o.logOut = log, out })
		synctest.Wait()
		if code, text := a.get(t, "/healthz"); code != http.StatusOK {
			t.Errorf("%d %s", code, text)
		}
		for range 500 {
			log.Info(strings.Repeat("y", 4000))
		}
		c.create("one")
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(a.seen) != 1 {
			t.Errorf("%d calls: the callback waited for the log", len(a.seen))
		}
		if code, text := a.get(t, "/healthz"); code != http.StatusServiceUnavailable || !strings.Contains(text, "fail    log not written for 1m0s") {
			t.Errorf("%d %s", code, text)
		}
		if _, text := a.get(t, "/metrics"); strings.Contains(text, "ancho_log_dropped_total 0\n") || !strings.Contains(text, "ancho_log_dropped_total ") {
			t.Error("no lost line is counted")
		}
		close(open)
		synctest.Wait()
		if code, text := a.get(t, "/healthz"); code != http.StatusOK {
			t.Errorf("%d %s", code, text)
		}
		if err := a.stop(); err != nil {
			t.Error(err)
		}
	})
}

type writing func([]byte) (int, error)

func (w writing) Write(b []byte) (int, error) { return w(b) }
