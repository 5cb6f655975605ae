package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/hack/bench/internal/report"
)

func environment(pairs ...string) func(string) string {
	m := map[string]string{}
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		m[name] = value
	}
	return func(name string) string { return m[name] }
}

func TestOptions(t *testing.T) {
	o, err := parseOptions(environment())
	if err != nil || o.objects != fullObjects || o.rounds != fullRounds || o.quick || o.profile || o.docs || !o.wants(report.Churn) {
		t.Errorf("without any: %+v, %v", o, err)
	}
	o, err = parseOptions(environment("QUICK=1", "PROFILE=1", "DOCS=1", "ROUNDS=5", "ONLY=cold-pods, churn"))
	if err != nil || o.objects != quickObjects || o.rounds != 5 || !o.quick || !o.profile || !o.docs {
		t.Errorf("with many: %+v, %v", o, err)
	}
	if !o.wants(report.ColdPods) || !o.wants(report.Churn) || o.wants(report.Cut) {
		t.Errorf("ONLY: %v", o.only)
	}
	if o, err = parseOptions(environment("QUICK=0", "OBJECTS=300")); err != nil || o.quick || o.objects != 300 {
		t.Errorf("got %+v, %v", o, err)
	}
	for _, wrong := range []string{"OBJECTS=many", "OBJECTS=150", "OBJECTS=0", "ROUNDS=-1", "ONLY=lukewarm"} {
		if _, err := parseOptions(environment(wrong)); err == nil {
			t.Errorf("%s: want an error", wrong)
		}
	}
}

func TestWrongOptionIsToldWithItsExitCode(t *testing.T) {
	var stderr bytes.Buffer
	if code := run(environment("ONLY=lukewarm"), nil, &stderr); code != exitUsage || !strings.Contains(stderr.String(), "cold-pods") {
		t.Errorf("exit code %d, %s", code, stderr.String())
	}
}

func TestScenarios(t *testing.T) {
	known := map[string]bool{}
	for _, s := range scenarios() {
		if known[s.name] || s.title(options{objects: 100}) == "" || s.objects(options{objects: 100}) <= 0 || s.play == nil || s.contestants == nil {
			t.Errorf("%s is not complete", s.name)
		}
		known[s.name] = true
	}
}

func TestCountLists(t *testing.T) {
	n, err := countLists([]byte(`# HELP apiserver_request_total of requests
apiserver_request_total{code="200",resource="pods",scope="cluster",verb="LIST"} 3
apiserver_request_total{code="200",resource="pods",scope="namespace",verb="LIST"} 2
apiserver_request_total{code="200",resource="pods",verb="WATCH"} 50
apiserver_request_total{code="200",resource="nodes",verb="LIST"} 70
apiserver_request_duration_seconds_count{resource="pods",verb="LIST"} 90
`), "pods")
	if err != nil || n != 5 {
		t.Errorf("got %d, %v, want 5", n, err)
	}
	if _, err := countLists([]byte(`apiserver_request_total{resource="pods",verb="LIST"} some`), "pods"); err == nil {
		t.Error("want an error")
	}
}

func TestTurns(t *testing.T) {
	s, seen := &stage{}, map[int]bool{}
	for range 2000 {
		i := s.next(2000)
		if i < 0 || i >= 2000 || seen[i] {
			t.Fatalf("%d has its turn twice, or is none", i)
		}
		seen[i] = true
	}
}

func TestMajor(t *testing.T) {
	for version, want := range map[string]int{"v20.20.2": 20, "v8.1.0": 8, "22": 22, "": 0, "next": 0} {
		if got := major(version); got != want {
			t.Errorf("%q: got %d, want %d", version, got, want)
		}
	}
}

func TestCPUModel(t *testing.T) {
	if got := cpuModel("processor\t: 0\nmodel name\t: Some: CPU\nmodel name\t: other\n"); got != "Some: CPU" {
		t.Errorf("got %q", got)
	}
	if got := cpuModel("processor\t: 0\n"); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestChurnTime(t *testing.T) {
	if q, f := churnTime(options{quick: true}), churnTime(options{}); q <= 0 || f <= q || f > time.Minute {
		t.Errorf("quick %s, else %s", q, f)
	}
}

func TestFreeAddress(t *testing.T) {
	a, err := freeAddress()
	if err != nil || !strings.HasPrefix(a, "127.0.0.1:") || strings.HasSuffix(a, ":0") {
		t.Errorf("got %q, %v", a, err)
	}
}
