//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// outageEnv is how long the API server is away in TestServerKilled, such as "1m".
const (
	outageEnv     = "ANCHO_E2E_OUTAGE"
	defaultOutage = 15 * time.Second
)

func outage(t *testing.T) time.Duration {
	t.Helper()
	v := os.Getenv(outageEnv)
	if v == "" {
		return defaultOutage
	}
	d, err := time.ParseDuration(v)
	must(t, err)
	return d
}

// TestServerKilled: the API server crashes under load, stays away for a while, its history is lost, it comes back, and
// later is restarted in good order. The program lives, says what is the matter, and goes on by itself.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	// Without this flag a server that ends in good order waits a minute for its watches, and then breaks them.
	env := ownCluster(t, testenv.Options{APIServerArgs: []string{"--shutdown-watch-termination-grace-period=10s"}})
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	seen := &witnesses{}
	p := run(t, env.Config, runtime.Options{}, seen.bindings(capability.When(kind.ConfigMap).InNamespace(ns))...)
	p.ready(t)
	w := &churn{c: c, ns: ns, names: 40, tolerant: true}
	stop := w.start(t)
	w.more(t, 300)
	stop()
	crash(t, env, c)
	p.unreachable(t)
	stays(t, outage(t), "alive, and not ready", func() bool { return p.probe("/healthz") == 200 && p.probe("/readyz") == 503 })
	if text := p.text("/readyz"); !strings.Contains(text, "unreachable") || !strings.Contains(text, "/namespaces/"+ns+"/configmaps") {
		t.Errorf("/readyz does not say what is the matter:\n%s", text)
	}
	must(t, env.Compact())
	must(t, env.StartAPIServer())
	stop = w.start(t)
	p.ready(t)
	w.more(t, 300)
	stop()
	seen.settle(t, c, ns)
	expired := p.metric(t, "ancho_stream_relists_total", "reason", "expired")
	if expired == 0 {
		t.Error("the history was not lost, so that this test shows nothing")
	}
	if log := p.log.String(); !strings.Contains(log, "stream is blocked") || !strings.Contains(log, "stream has recovered") {
		t.Error("the log does not tell of the outage")
	}

	stop = w.start(t)
	w.more(t, 100)
	must(t, env.StopAPIServer())
	p.unreachable(t)
	must(t, env.StartAPIServer())
	w.more(t, 100)
	p.ready(t)
	stop()
	seen.settle(t, c, ns)
	if n := p.metric(t, "ancho_streams"); n != 1 {
		t.Errorf("%v streams, want 1", n)
	}
}

// crash kills the API server. Something else is written last, so that a program that had read everything is not where
// the server begins again, and meets the loss of its history.
func crash(t *testing.T, env *testenv.Env, c client.Client) {
	t.Helper()
	create(t, c, configMap("default", fmt.Sprintf("last-%d", namespaces.Add(1))))
	must(t, env.KillAPIServer())
}

// TestCutOff: what changes while the program is cut off from a server that goes on. First the server remembers all
// of it, then nothing.
func TestCutOff(t *testing.T) {
	t.Parallel()
	env := ownCluster(t, testenv.Options{})
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	const quiet = 200
	for i := range quiet {
		create(t, c, configMap(ns, fmt.Sprintf("quiet-%d", i)))
	}
	create(t, c, configMap(ns, "changed"), configMap(ns, "often"), configMap(ns, "gone"), configMap(ns, "again"))
	cfg, proxy := proxied(t, env.Config, 0)
	cfg, spy := spied(cfg)
	seen := &witnesses{}
	p := run(t, cfg, runtime.Options{}, seen.bindings(capability.When(kind.ConfigMap).InNamespace(ns))...)
	p.ready(t)
	seen.settle(t, c, ns)

	frames := func() float64 {
		return p.metric(t, "ancho_stream_frames_total") - p.metric(t, "ancho_stream_frames_total", "type", "BOOKMARK")
	}
	framesBefore, requests := frames(), len(spy.gets("/configmaps"))
	before := seen.counts()
	p.cutOff(t, proxy)
	changeAll(t, c, ns, "new")
	proxy.restore(t)
	seen.settle(t, c, ns)
	p.ready(t)
	if n := frames() - framesBefore; n != 8 {
		t.Errorf("%v events crossed the wire, want the 8 that happened", n)
	}
	if n := p.metric(t, "ancho_stream_relists_total"); n != 0 {
		t.Errorf("%v relists, want none", n)
	}
	for _, r := range spy.gets("/configmaps")[requests:] {
		if !strings.Contains(r.query, "watch=true") || !strings.Contains(r.query, "resourceVersion=") || strings.Contains(r.query, "sendInitialEvents") {
			t.Errorf("did not resume: %s?%s", r.path, r.query)
		}
	}
	for _, binding := range []string{"ordered", "watched"} {
		seen.wantSince(t, before, binding, map[string]string{
			"changed": "Modified", "often": "Modified, Modified", "gone": "Deleted", "again": "Deleted, Added, Modified", "new": "Added",
		})
	}
	seen.wantSince(t, before, "latest", map[string]string{
		"changed": "Modified", "often": "Modified*", "gone": "Deleted", "again": "Deleted, Added*", "new": "Added",
	})

	create(t, c, configMap(ns, "gone"))
	must(t, c.Delete(t.Context(), configMap(ns, "new")))
	seen.settle(t, c, ns)
	before = seen.counts()
	p.cutOff(t, proxy)
	changeAll(t, c, ns, "newer")
	must(t, env.Compact())
	must(t, env.KillAPIServer())
	must(t, env.StartAPIServer())
	proxy.restore(t)
	seen.settle(t, c, ns)
	p.ready(t)
	if n := p.metric(t, "ancho_stream_relists_total", "reason", "expired"); n != 1 {
		t.Errorf("%v relists, want 1", n)
	}
	// The steps between are lost, in InOrder and Watch too; what happened to no object is told of none.
	for binding := range seen.all() {
		seen.wantSince(t, before, binding, map[string]string{
			"changed": "Modified", "often": "Modified", "gone": "Deleted", "again": "Deleted, Added", "newer": "Added",
		})
	}
	for binding, r := range seen.all() {
		for _, one := range r.list()[before[binding]:] {
			if one.Partial != (one.Type == deleted) || one.Initial {
				t.Errorf("%s: %s of %s: partial %v, initial %v", binding, one.Type, one.Object.Name, one.Partial, one.Initial)
			}
			if one.Type == deleted && (one.Object.UID == "" || one.Object.Kind != "ConfigMap" || one.Object.Namespace != ns) {
				t.Errorf("%s: the deletion of %s carries %+v", binding, one.Object.Name, one.Object.ObjectMeta)
			}
		}
	}
}

// changeAll makes eight changes to five objects.
func changeAll(t *testing.T, c client.Client, ns, fresh string) {
	t.Helper()
	stamp := func(o *corev1.ConfigMap, n int) {
		t.Helper()
		must(t, c.Get(t.Context(), keyOf(o), o))
		edit(t, c, o, func(o *corev1.ConfigMap) { o.Data = map[string]string{"n": fmt.Sprint(fresh, n)} })
	}
	stamp(configMap(ns, "changed"), 1)
	for n := range 2 {
		stamp(configMap(ns, "often"), n)
	}
	must(t, c.Delete(t.Context(), configMap(ns, "gone")))
	must(t, c.Delete(t.Context(), configMap(ns, "again")))
	create(t, c, configMap(ns, "again"), configMap(ns, fresh))
	stamp(configMap(ns, "again"), 1)
	create(t, c, configMap("default", "elsewhere-"+fresh))
}

// counts is how many calls each of the bindings has had.
func (w *witnesses) counts() map[string]int {
	out := map[string]int{}
	for binding, r := range w.all() {
		out[binding] = len(r.list())
	}
	return out
}

// wantSince fails the test if the calls of a binding since a moment were others, for each name. A star stands for
// more of the same or Modified, which may have been merged.
func (w *witnesses) wantSince(t *testing.T, since map[string]int, binding string, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for _, one := range w.all()[binding].list()[since[binding]:] {
		got[one.Object.Name] = strings.TrimPrefix(got[one.Object.Name]+", "+string(one.Type), ", ")
	}
	for name, types := range got {
		if w, open := strings.CutSuffix(want[name], "*"); open {
			if rest, ok := strings.CutPrefix(types, w); !ok || strings.Trim(strings.ReplaceAll(rest, string(modified), ""), ", ") != "" {
				t.Errorf("%s: %s: %s, want %s", binding, name, types, want[name])
			}
			continue
		}
		if types != want[name] {
			t.Errorf("%s: %s: %q, want %q", binding, name, types, want[name])
		}
	}
	for name := range want {
		if got[name] == "" {
			t.Errorf("%s: nothing of %s, want %s", binding, name, want[name])
		}
	}
}
