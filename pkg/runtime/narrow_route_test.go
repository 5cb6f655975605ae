package runtime

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/dispatch"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// remembering is a server that keeps its objects and their history, and refuses or stalls requests for all namespaces.
type remembering struct {
	mu     sync.Mutex
	rv     int
	log    []string // one event each; its position is its resourceVersion
	now    map[string]*corev1.ConfigMap
	uids   int
	turn   chan struct{} // closed when anything changes
	closed bool          // requests for all namespaces are refused
	stall  bool          // watches of all namespaces are answered, and tell nothing
	epoch  int           // watches end when it moves on
}

func remember(t *testing.T) (*remembering, *rest.Config) {
	t.Helper()
	s := &remembering{now: map[string]*corev1.ConfigMap{}, turn: make(chan struct{})}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return s, &rest.Config{Host: srv.URL}
}

// change does something to the server, and lets its watches notice.
func (s *remembering) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.turn)
	s.turn = make(chan struct{})
}

// set says how requests for all namespaces fare from now on; all watches end.
func (s *remembering) set(closed, stall bool) {
	s.change(func() { s.closed, s.stall, s.epoch = closed, stall, s.epoch+1 })
}

func (s *remembering) put(namespace, name string) {
	s.change(func() {
		at, event := namespace+"/"+name, "MODIFIED"
		cm := s.now[at].DeepCopy()
		if cm == nil {
			s.uids++
			cm, event = aMap(fmt.Sprintf("uid-%d", s.uids), ""), "ADDED"
			cm.Namespace, cm.Name = namespace, name
			cm.Kind, cm.APIVersion = "ConfigMap", "v1"
		}
		s.now[at] = cm
		s.happen(event, cm)
	})
}

func (s *remembering) remove(namespace, name string) {
	s.change(func() {
		cm := s.now[namespace+"/"+name].DeepCopy()
		delete(s.now, namespace+"/"+name)
		s.happen("DELETED", cm)
	})
}

func (s *remembering) happen(event string, cm *corev1.ConfigMap) {
	s.rv++
	cm.ResourceVersion = strconv.Itoa(s.rv)
	s.log = append(s.log, line(event, cm))
}

func line(event string, cm *corev1.ConfigMap) string {
	raw, err := json.Marshal(cm)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"type":%q,"object":%s}`+"\n", event, raw)
}

// ServeHTTP implements http.Handler.
func (s *remembering) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	s.mu.Lock()
	epoch, refused := s.epoch, s.closed
	s.mu.Unlock()
	_, of, narrow := strings.Cut(r.URL.Path, "/namespaces/")
	if refused && !narrow {
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","code":403,"reason":"Forbidden","message":"not for you"}`)
		return
	}
	namespace, _, _ := strings.Cut(of, "/")
	q := r.URL.Query()
	from, _ := strconv.Atoi(q.Get("resourceVersion"))
	switch {
	case q.Get("watch") == "":
		_, items := s.snapshot(namespace)
		_, _ = fmt.Fprint(w, items)
		return
	case q.Get("sendInitialEvents") != "":
		var events []string
		from, events = s.initial(namespace)
		_, _ = fmt.Fprint(w, strings.Join(events, ""))
	}
	s.follow(r.Context(), w, namespace, from, epoch)
}

func (s *remembering) of(namespace string) []*corev1.ConfigMap {
	var out []*corev1.ConfigMap
	for _, at := range slices.Sorted(maps.Keys(s.now)) {
		if cm := s.now[at]; namespace == "" || cm.Namespace == namespace {
			out = append(out, cm)
		}
	}
	return out
}

func (s *remembering) snapshot(namespace string) (rv int, list string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, err := json.Marshal(s.of(namespace))
	if err != nil {
		panic(err)
	}
	if string(raw) == "null" {
		raw = []byte("[]")
	}
	return s.rv, fmt.Sprintf(`{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"%d"},"items":%s}`, s.rv, raw)
}

func (s *remembering) initial(namespace string) (rv int, events []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, cm := range s.of(namespace) {
		events = append(events, line("ADDED", cm))
	}
	return s.rv, append(events, fmt.Sprintf(`{"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"%d","annotations":{"k8s.io/initial-events-end":"true"}}}}`+"\n", s.rv))
}

// follow tells what happens in a namespace, "" for all.
func (s *remembering) follow(ctx context.Context, w http.ResponseWriter, namespace string, from, epoch int) {
	// A bookmark of nothing new, so that the stream knows that the watch is one.
	_, _ = fmt.Fprintf(w, `{"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"%d"}}}`+"\n", from)
	for {
		flush(w)
		s.mu.Lock()
		turn, now, stalled := s.turn, s.epoch, s.stall && namespace == ""
		var news []string
		if !stalled {
			news, from = s.log[from:], len(s.log)
		}
		s.mu.Unlock()
		for _, l := range news {
			if namespace == "" || strings.Contains(l, fmt.Sprintf(`"namespace":%q`, namespace)) {
				_, _ = fmt.Fprint(w, l)
			}
		}
		flush(w)
		if now != epoch {
			return
		}
		select {
		case <-turn:
		case <-ctx.Done():
			return
		}
	}
}

// diary is a binding's callback that writes down what it is told.
type diary struct {
	mu  sync.Mutex
	all []string
}

func (d *diary) handle(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, fmt.Sprintf("%s %s", e.Type, e.Object.Name))
	if e.Initial {
		d.all[len(d.all)-1] += " initial"
	}
	return nil
}

// expect waits for the next entries, of one namespace's objects in this order.
func (d *diary) expect(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	until(t, strings.Join(want, ", "), func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		if len(d.all) < len(want) {
			return false
		}
		got, d.all = d.all, nil
		return true
	})
	slices.Sort(got) // of different objects
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("told %q, want %q", got, want)
	}
}

// A narrow route is told of every change once, whichever stream serves it: while the wide one is refused, when it goes on where
// it stopped, while it reads again what the narrow route knows, and when it is refused in the middle of that.
func TestANarrowRouteLeavesAndComesBack(t *testing.T) {
	s, cfg := remember(t)
	s.put("a", "x")
	s.set(true, false)
	var narrow, wide diary
	all := capability.When(kind.ConfigMap).IsCreatedOrUpdated().IsDeleted()
	o := oneCapability(all.InNamespace("a").Alias("narrow").InOrder().Reconcile(narrow.handle), all.Alias("wide").InOrder().Reconcile(wide.handle))
	r := startAt(t, cfg, o)
	streams := func(n int) {
		t.Helper()
		until(t, fmt.Sprintf("%d streams", n), func() bool {
			running, _ := r.streams.Statuses()
			return len(running) == n
		})
	}

	narrow.expect(t, "Added x initial")
	streams(2)
	s.set(false, false)
	wide.expect(t, "Added x initial")
	streams(1)
	s.put("a", "x")
	s.put("b", "w")
	narrow.expect(t, "Modified x")
	wide.expect(t, "Modified x", "Added w")

	// Refused, it leaves; when the other goes on it comes back, and is told nothing twice.
	s.set(true, false)
	streams(2)
	s.put("a", "x")
	s.put("a", "y")
	s.put("a", "z")
	narrow.expect(t, "Modified x", "Added y", "Added z")
	s.put("a", "x")
	s.remove("a", "y")
	s.remove("a", "z")
	s.put("a", "z")
	narrow.expect(t, "Modified x", "Deleted y", "Deleted z", "Added z")
	s.set(false, true)
	streams(1) // the wide stream is open, and has told nothing yet
	s.set(false, false)
	wide.expect(t, "Modified x", "Added y", "Added z", "Modified x", "Deleted y", "Deleted z", "Added z")
	s.put("a", "x")
	s.put("a", "z")
	narrow.expect(t, "Modified x", "Modified z")
	wide.expect(t, "Modified x", "Modified z")

	// Refused again before it has read what the narrow route knows.
	s.set(true, false)
	streams(2)
	s.put("a", "x")
	s.put("a", "v")
	s.remove("a", "z")
	narrow.expect(t, "Modified x", "Added v", "Deleted z")
	s.set(false, true)
	streams(1)
	s.set(true, true)
	streams(2)
	s.put("a", "v")
	s.remove("a", "x")
	narrow.expect(t, "Modified v", "Deleted x")
	s.set(false, false)
	streams(1)
	s.put("a", "end")
	narrow.expect(t, "Added end")
	wide.expect(t, "Modified x", "Added v", "Deleted z", "Modified v", "Deleted x", "Added end")
}

// What left the selection of a wide stream and came back before the list of a narrow route that joins it, is told by neither.
func TestReplayCoversWhatLeftAndCameBack(t *testing.T) {
	r := newRig(t, capability.When(kind.ConfigMap).IsCreatedOrUpdated().IsDeleted().Watch(ignoreMap))
	route := r.feed.Routes[0]
	r.upsert(aMap("u", "5"), false)
	r.expect(0, "Added")
	p := dispatch.NewReplay("10", &dispatch.Attachment{Subs: route.Subs}, watcher.NewIndex(r.feed.Words), false)
	p.Newer.Put("ns", "n", "u", "9")
	route.Attach(p)
	r.gone(aMap("u", "7"), true)
	r.upsert(aMap("u", "9"), false)
	r.expect(0)
	r.upsert(aMap("u", "11"), false)
	r.expect(0, "Modified")
	if route.Replay != nil {
		t.Error("the replay outlasts what it replays")
	}
	r.gone(aMap("u", "12"), false)
	r.expect(0, "Deleted")
}

// A shared stream that lists again shows its objects in the order of their names: the first young one says nothing of the rest.
func TestReplayLastsThroughASnapshot(t *testing.T) {
	r := newRig(t, capability.When(kind.ConfigMap).IsCreatedOrUpdated().IsDeleted().Watch(ignoreMap))
	route := r.feed.Routes[0]
	named := func(uid, rv string) *corev1.ConfigMap {
		cm := aMap(uid, rv)
		cm.Name = uid
		return cm
	}
	for _, uid := range []string{"a", "b"} {
		r.upsert(named(uid, "5"), false)
	}
	r.expect(0, "Added", "Added")
	p := dispatch.NewReplay("10", &dispatch.Attachment{Subs: route.Subs}, watcher.NewIndex(r.feed.Words), false)
	p.Newer.Put("ns", "b", "b", "9")
	route.Attach(p)
	for _, shown := range []*corev1.ConfigMap{named("a", "12"), named("b", "9")} {
		r.feed.Handle(watcher.Delta{Kind: watcher.Upsert, Frame: frameOf(t, shown), Entry: r.entry(shown), Relist: true})
	}
	r.expect(0, "Modified")

	p.Ahead.Put("ns", "gone", "gone", "8").Words()[0] = 1 // which the snapshot did not show
	r.feed.Synced("13", true)
	r.expect(0, "Deleted")
	if route.Replay != nil {
		t.Error("the replay outlasts the snapshot")
	}
}
