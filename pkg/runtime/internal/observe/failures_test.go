package observe

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/queue"
)

var errSome = errors.New("no route")

// observing gives the observer of a binding, and the lines that it logs.
func observing(t *testing.T) (o *Calls, lines *[]string) {
	t.Helper()
	lines = &[]string{}
	log := funcr.New(func(_, args string) { *lines = append(*lines, args) }, funcr.Options{})
	m, err := New(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return m.ForBinding("c", "configmaps", log, "Reconcile"), lines
}

func counted(t *testing.T, c prometheus.Counter) float64 {
	t.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(c)
	found, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return found[0].GetMetric()[0].GetCounter().GetValue()
}

func failed(err error) queue.Finish {
	return queue.Finish{Key: queue.Key{Namespace: "a", Name: "x"}, Type: queue.Modified, Outcome: queue.Retry, Err: err, Again: true}
}

// Of many failed calls, a hundred lines a second are logged, then one in a hundred, and the log says how many were left out.
func TestLinesOfFailedCallsAreSampled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, lines := observing(t)
		for range 1150 {
			o.Finished(failed(errSome))
		}
		if n := len(*lines); n != 100+10 {
			t.Errorf("%d lines of 1150 failures, want 110", n)
		}
		if last := (*lines)[109]; !strings.Contains(last, `"omitted"=99`) {
			t.Errorf("the last line does not say what was omitted: %s", last)
		}
		parked := failed(errSome)
		parked.Parked, parked.Again = true, false
		o.Finished(parked) // another message is another count
		if last := (*lines)[len(*lines)-1]; !strings.Contains(last, msgParked) {
			t.Errorf("the object that is parked has no line: %s", last)
		}
		before := len(*lines)
		time.Sleep(sampleWindow)
		o.Finished(queue.Finish{}) // the next call, whatever it does, tells the rest
		o.Finished(queue.Finish{})
		if rest := (*lines)[before:]; len(rest) != 1 || !strings.Contains(rest[0], `"omitted"=50`) {
			t.Errorf("the rest: %q", rest)
		}
		o.Finished(failed(errSome))
		if last := (*lines)[len(*lines)-1]; !strings.Contains(last, msgFailed) || strings.Contains(last, "omitted") {
			t.Errorf("the next second: %s", last)
		}
	})
}

func panicked(f func()) (err error) {
	res := queue.Guard(func() error { f(); return nil })
	return res
}

// The stack of a panic is logged once for each place, which every line names.
func TestAStackIsLoggedOncePerPlace(t *testing.T) {
	o, lines := observing(t)
	var none map[string]int
	one := func() { none["x"] = 1 }
	two := func() { panic("oh") }
	for _, f := range []func(){one, one, two, two, one} {
		o.Finished(failed(panicked(f)))
	}
	var stacks []bool
	for _, line := range *lines {
		stacks = append(stacks, strings.Contains(line, `"stack"=`))
		if !strings.Contains(line, "failures_test.go:") || !strings.Contains(line, `"panicAt"=`) {
			t.Errorf("the line does not name the place: %s", line)
		}
	}
	if !slices.Equal(stacks, []bool{true, false, true, false, false}) {
		t.Errorf("lines with a stack: %v", stacks)
	}
}

// A conflict is counted, and logged at V(1) alone.
func TestAConflictIsQuiet(t *testing.T) {
	o, lines := observing(t)
	f := failed(apierrors.NewConflict(schema.GroupResource{Resource: "things"}, "x", errSome))
	f.Outcome = queue.Conflict
	o.Finished(f)
	if len(*lines) > 0 {
		t.Errorf("logged: %q", *lines)
	}
	if n := counted(t, o.of[o.action].calls[queue.Conflict]); n != 1 {
		t.Errorf("%v conflicts are counted", n)
	}
}

func TestHangingCallbacksAreLogged(t *testing.T) {
	o, lines := observing(t)
	o.Hanging(queue.Hanging{Namespaces: []string{"a"}, Full: true, Calls: 16, Slots: 16, Oldest: []queue.Key{{Namespace: "a", Name: "x"}}})
	o.Hanging(queue.Hanging{Full: true, Calls: 16, Slots: 16})
	o.Hanging(queue.Hanging{})
	o.Overflowed()
	if n := counted(t, o.overflow); n != 1 {
		t.Errorf("%v calls in extra slots are counted", n)
	}
	for i, want := range []string{`"namespaces"=["a"]`, "hold all slots", "hold up no others"} {
		if !strings.Contains((*lines)[i], want) {
			t.Errorf("line %d: %s, want %s in it", i, (*lines)[i], want)
		}
	}
	if !strings.Contains((*lines)[0], `"oldest"=["a/x"]`) || !strings.Contains((*lines)[0], `"running"=16`) {
		t.Errorf("line 0: %s", (*lines)[0])
	}
}
