//go:build e2e

package machine

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// world is what a stream has told: the objects there are, and how often it listed.
type world struct {
	report.NoObserver
	mu      sync.Mutex
	cond    *sync.Cond
	objects map[string]string // name to UID
	state   report.State
	relists map[report.Reason]int
	wrong   []string
}

func newWorld() *world {
	w := &world{objects: map[string]string{}, relists: map[report.Reason]int{}}
	w.cond = sync.NewCond(&w.mu)
	return w
}

func (w *world) change(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	w.cond.Broadcast()
}

func (w *world) Handle(d report.Delta) {
	w.change(func() {
		name := d.Entry.Name()
		if d.Kind == report.Gone {
			if w.objects[name] != d.Entry.UID() {
				w.wrong = append(w.wrong, name+" is gone and was not known")
			}
			delete(w.objects, name)
			return
		}
		if uid, known := w.objects[name]; known && uid != d.Entry.UID() || known == d.New {
			w.wrong = append(w.wrong, name+" appeared over another")
		}
		w.objects[name] = d.Entry.UID()
	})
}

func (w *world) Synced(string, bool)         {}
func (w *world) StateChanged(s report.State) { w.change(func() { w.state = s }) }
func (w *world) Relist(why report.Reason)    { w.change(func() { w.relists[why]++ }) }

// until waits for a condition; the test's own timeout is the only bound.
func (w *world) until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	t.Log("waiting until", what)
	stop := context.AfterFunc(t.Context(), w.cond.Broadcast)
	defer stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	for !cond() {
		if t.Context().Err() != nil {
			t.Fatalf("%s: never; state %+v", what, w.state)
		}
		w.cond.Wait()
	}
}

func (w *world) runOn(t *testing.T, s *apiclient.Server, target apiclient.Target) *Stream {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	st := New(s, target, w, Options{Observer: w, BackoffMax: 2 * time.Second})
	done := make(chan struct{})
	go func() {
		defer close(done)
		st.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		for _, line := range w.wrong {
			t.Error(line)
		}
	})
	return st
}

var configMaps = kind.Resource{Version: "v1", Kind: "ConfigMap", Plural: "configmaps", Namespaced: true, Protobuf: true}

// plane is a control plane of the test's own, and a way to write.
type plane struct {
	t *testing.T
	*testenv.Env
	server *apiclient.Server
	maps   typed.ConfigMapInterface
	other  typed.SecretInterface
}

func newPlane(t *testing.T) *plane {
	t.Helper()
	env, err := testenv.Start(t.Context(), testenv.Options{})
	p := &plane{t: t, Env: env}
	p.must(err)
	t.Cleanup(func() { p.must(env.Stop()) })
	p.server, err = apiclient.NewServer(env.Config)
	p.must(err)
	t.Cleanup(p.server.CloseIdleConnections)
	clients, err := kubernetes.NewForConfig(env.Config)
	p.must(err)
	p.maps, p.other = clients.CoreV1().ConfigMaps("default"), clients.CoreV1().Secrets("default")
	return p
}

func (p *plane) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *plane) create(name string) string {
	p.t.Helper()
	made, err := p.maps.Create(p.t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	p.must(err)
	return string(made.UID)
}

func (p *plane) remove(name string) {
	p.t.Helper()
	p.must(p.maps.Delete(p.t.Context(), name, metav1.DeleteOptions{}))
}

// One stream through what a real API server does: a snapshot, events, a crash, a restart without history.
func TestRealServer(t *testing.T) {
	p := newPlane(t)
	for i := range 20 {
		p.create(fmt.Sprint("first-", i))
	}
	w := newWorld()
	w.runOn(t, p.server, apiclient.Target{Resource: configMaps, Namespace: "default"})
	w.until(t, "the snapshot is complete", func() bool { return live(w.state) && w.objects["first-19"] != "" })
	if p.server.WatchListRefused(configMaps) {
		t.Error("the snapshot was listed")
	}
	again := p.create("again")
	w.until(t, "an event has come", func() bool { return w.objects["again"] == again })
	p.remove("first-0")
	w.until(t, "a deletion has come", func() bool { return w.objects["first-0"] == "" })

	p.must(p.KillAPIServer())
	w.until(t, "the outage shows", func() bool { return w.state.Phase == report.Blocked && w.state.Reason == report.ReasonUnreachable })
	p.must(p.StartAPIServer())
	p.remove("again")
	again = p.create("again")
	p.create("after")
	w.until(t, "it caught up", func() bool { return live(w.state) && w.objects["again"] == again && w.objects["after"] != "" })

	_, err := p.other.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "other"}}, metav1.CreateOptions{})
	p.must(err)
	p.must(p.KillAPIServer())
	w.until(t, "the outage shows again", func() bool { return w.state.Phase == report.Blocked })
	p.must(p.Compact()) // the secret was written since: what the stream knows is history
	p.must(p.StartAPIServer())
	p.remove("after")
	w.until(t, "it knows what went on without it", func() bool {
		return live(w.state) && w.objects["after"] == "" && w.objects["first-5"] != "" && w.relists[report.ReasonExpired] > 0
	})
}

// What is wrong with a declaration, a permission or a definition is said in the words of the real server.
func TestRealRefusals(t *testing.T) {
	p := newPlane(t)
	bad := newWorld()
	bad.runOn(t, p.server, apiclient.Target{Resource: configMaps, Namespace: "default", Fields: "spec.nope=1"})
	bad.blocked(t, report.ReasonInvalid, "spec.nope")
	if p.server.WatchListRefused(configMaps) {
		t.Error("a wrong selector is no refusal of snapshots")
	}

	nobody, err := p.User("nobody")
	p.must(err)
	theirs, err := apiclient.NewServer(nobody)
	p.must(err)
	defer theirs.CloseIdleConnections()
	denied := newWorld()
	denied.runOn(t, theirs, apiclient.Target{Resource: configMaps, Namespace: "default"})
	denied.blocked(t, report.ReasonForbidden, `verb "watch"`)

	things := kind.Resource{Group: "example.com", Version: "v1", Kind: "Thing", Plural: "things", Namespaced: true}
	missing := newWorld()
	missing.runOn(t, p.server, apiclient.Target{Resource: things})
	missing.blocked(t, report.ReasonNotServed, "example.com")
}

// blocked waits until the stream is blocked, and wants to be told why.
func (w *world) blocked(t *testing.T, why report.Reason, word string) {
	t.Helper()
	w.until(t, "it is blocked: "+string(why), func() bool { return w.state.Phase == report.Blocked && w.state.Reason == why })
	w.change(func() {
		if !strings.Contains(w.state.Message, word) {
			t.Errorf("message %q does not tell of %q", w.state.Message, word)
		}
	})
}
