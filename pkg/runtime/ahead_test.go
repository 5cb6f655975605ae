package runtime

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/binding"
	"github.com/ancho-dev/ancho/pkg/watcher"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

type selection = capability.Selection[*corev1.ConfigMap]

// lens is a cluster whose answers to the get of one ConfigMap may be another server's, ahead or behind.
type lens struct {
	t      *testing.T
	run    *running
	client kubernetes.Interface
	uid    types.UID
	reader capability.Reader[*corev1.ConfigMap]

	mu    sync.Mutex
	shows []*corev1.ConfigMap // to the next get requests, the last of them to all later ones; nil: what the server has
	gets  int
	calls []string
}

// wrap puts the lens before a server.
func (l *lens) wrap(next http.RoundTripper) http.RoundTripper {
	return tripper(func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/configmaps/n") {
			return next.RoundTrip(r)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.gets++
		if len(l.shows) == 0 || l.shows[0] == nil {
			l.shows = l.shows[min(1, len(l.shows)):]
			return next.RoundTrip(r)
		}
		raw, err := json.Marshal(l.shows[0])
		if len(l.shows) > 1 {
			l.shows = l.shows[1:]
		}
		return &http.Response{
			StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
			Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(string(raw))),
		}, err
	})
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (l *lens) called(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
	line := fmt.Sprintf("%s %s", e.Type, e.Object.Data["v"])
	if e.Merged > 0 {
		line += fmt.Sprintf(" merged %d", e.Merged)
	}
	if cm, ok := l.reader.Get("default", "n"); ok && binding.Older(cm.ResourceVersion, e.Object.ResourceVersion) {
		line += " the Reader has " + cm.Data["v"]
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, line)
	return nil
}

// newLens runs a binding that Secrets trigger. It is called inside a bubble.
func newLens(t *testing.T, declare func(*lens, selection) selection) *lens {
	t.Helper()
	l := &lens{t: t}
	s := fake.New()
	var err error
	if l.client, err = kubernetes.NewForConfig(s.Config()); err != nil {
		t.Fatal(err)
	}
	l.write("1")
	cfg := s.Config()
	cfg.Wrap(l.wrap)
	maps := declare(l, capability.When(kind.ConfigMap).TriggeredBy(capability.Mapped(kind.Secret, func(*corev1.Secret) []types.NamespacedName {
		return []types.NamespacedName{{Namespace: "default", Name: "n"}}
	})))
	l.run = startAt(t, cfg, oneCapability(maps.Reconcile(l.called)))
	l.expect("Added 1")
	return l
}

// write changes the object.
func (l *lens) write(v string) {
	l.t.Helper()
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "n"}, Data: map[string]string{"v": v}}
	maps := l.client.CoreV1().ConfigMaps("default")
	if l.uid == "" {
		_, err := maps.Create(l.t.Context(), cm, metav1.CreateOptions{})
		if err != nil {
			l.t.Fatal(err)
		}
		now, err := maps.Get(l.t.Context(), "n", metav1.GetOptions{})
		if err != nil {
			l.t.Fatal(err)
		}
		l.uid = now.UID
		return
	}
	if _, err := maps.Update(l.t.Context(), cm, metav1.UpdateOptions{}); err != nil {
		l.t.Fatal(err)
	}
}

// trigger changes what the binding is triggered by.
func (l *lens) trigger(name string) {
	l.t.Helper()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
	if _, err := l.client.CoreV1().Secrets("default").Create(l.t.Context(), secret, metav1.CreateOptions{}); err != nil {
		l.t.Fatal(err)
	}
	synctest.Wait()
}

// state is what another server has of the object.
func (l *lens) state(rv, v string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{Kind: "ConfigMap", APIVersion: "v1"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "n", UID: l.uid, ResourceVersion: rv}, Data: map[string]string{"v": v},
	}
}

func (l *lens) show(states ...*corev1.ConfigMap) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shows = states
}

func (l *lens) expect(want ...string) {
	l.t.Helper()
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(l.calls, want) {
		l.t.Errorf("calls\n\t%s\nwant\n\t%s", strings.Join(l.calls, "\n\t"), strings.Join(want, "\n\t"))
	}
	l.calls = nil
}

func (l *lens) ahead() int32 { return l.run.bindings[0].Ahead.N.Load() }

// A trigger reads the object in a state that the stream brings later: the events on the way to it cause calls, none of
// which has an older state.
func TestEventsBehindALiveReadBringNothingOlder(t *testing.T) {
	for name, c := range map[string]struct {
		with   func(*lens, selection) selection
		merged string
	}{
		"merging":          {with: func(_ *lens, s selection) selection { return s }},
		"in order":         {with: func(_ *lens, s selection) selection { return s.InOrder() }, merged: " merged 1"},
		"cached":           {with: func(l *lens, s selection) selection { return s.Cached(&l.reader) }},
		"cached, in order": {with: func(l *lens, s selection) selection { return s.Cached(&l.reader).InOrder() }, merged: " merged 1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLens(t, c.with)
				l.show(l.state("1000000", "newest"))
				l.trigger("a")
				l.expect("Unchanged newest")
				l.write("2")
				l.expect("Modified newest" + c.merged)
				l.write("3")
				synctest.Wait()
				l.trigger("b")
				l.expect("Modified newest"+c.merged, "Unchanged newest")
				if n := l.ahead(); n != 1 {
					t.Errorf("%d objects are ahead of the stream, want 1", n)
				}
			})
		})
	}
}

// What a live read shows is no more kept than what it is ahead of.
func TestALiveReadOfWhatIsKnownKeepsNothing(t *testing.T) {
	for _, inOrder := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			l := newLens(t, func(_ *lens, s selection) selection {
				if inOrder {
					return s.InOrder()
				}
				return s
			})
			for i := range 5 {
				l.trigger(fmt.Sprint("s", i))
				l.expect("Unchanged " + fmt.Sprint(i+1))
				if n := l.ahead(); n != 0 {
					t.Errorf("%d objects are kept", n)
				}
				l.write(fmt.Sprint(i + 2))
				l.expect("Modified " + fmt.Sprint(i+2))
			}
		})
	}
}

// An API server that is behind the stream answers a live read: it is asked again, later.
func TestALiveReadThatIsBehindTheStreamIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLens(t, func(_ *lens, s selection) selection { return s })
		l.write("2")
		l.expect("Modified 2")
		l.show(l.state("1", "stale"), l.state("1", "stale"), nil)
		l.trigger("a")
		l.expect()
		time.Sleep(5 * time.Second)
		l.expect()
		time.Sleep(5 * time.Second)
		l.expect("Unchanged 2")
		if l.gets != 3 {
			t.Errorf("%d get requests, want 3", l.gets)
		}
	})
}

// Live reads that are ahead are forgotten when the stream has passed them, be it by an event or by a list.
func TestWhatIsAheadEndsWhenTheStreamHasPassed(t *testing.T) {
	at := func(rv string) *corev1.ConfigMap { return aMap("u", rv, labelled("yes")) }
	key := queue.Key{Namespace: "ns", Name: "n"}
	for name, c := range map[string]struct {
		then func(*rig)
		left int32
	}{
		"an older event":       {func(r *rig) { r.upsert(at("29"), false) }, 1},
		"that state":           {func(r *rig) { r.upsert(at("30"), false) }, 0},
		"a newer one":          {func(r *rig) { r.upsert(at("100"), false) }, 0},
		"out of the selection": {func(r *rig) { r.upsert(aMap("u", "31"), false) }, 0},
		"another object":       {func(r *rig) { r.upsert(aMap("v", "31", labelled("yes")), false) }, 0},
		"an older departure":   {func(r *rig) { r.gone(at("29"), true) }, 1},
		"the deletion":         {func(r *rig) { r.gone(at("31"), false) }, 0},
		"a list without it": {func(r *rig) {
			r.feed.Handle(watcher.Delta{Kind: watcher.Gone, Entry: r.entry(at("10")), Relist: true})
		}, 0},
		"an older list": {func(r *rig) { r.feed.Synced("29", true) }, 1},
		"a list":        {func(r *rig) { r.feed.Synced("30", true) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, capability.When(kind.ConfigMap).WithAnnotation("in", "yes").Reconcile(ignoreMap))
			r.upsert(at("10"), false)
			b := r.feed.Subs[0].Of
			b.Ahead.Set(key, &frameOf(t, at("30")).Meta)
			c.then(r)
			if n := b.Ahead.N.Load(); n != c.left {
				t.Errorf("%d are kept, want %d", n, c.left)
			}
		})
	}
}

// A Left that is older than what a live read found waits for the event that brings the object back.
func TestALeftBehindALiveReadWaits(t *testing.T) {
	r := newRig(t, capability.When(kind.ConfigMap).WithAnnotation("in", "yes").IsCreatedOrUpdated().HasLeft().Reconcile(ignoreMap))
	b := r.feed.Subs[0].Of
	k := queue.Key{Namespace: "ns", Name: "n"}
	b.Ahead.Set(k, &frameOf(t, aMap("u", "30")).Meta)
	for rv, want := range map[string]queue.Outcome{"29": queue.Postpone, "30": queue.Done, "31": queue.Done} {
		if res := b.Call(t.Context(), queue.Call[*binding.Work]{Key: k, UID: "u", Type: queue.Left, Payload: &binding.Work{RV: rv}}); res.Outcome != want {
			t.Errorf("Left at %s: %v, want %v", rv, res.Outcome, want)
		}
	}
}

// A Watch whose events do not fit the memory budget reads them live; the events behind such a read bring nothing older.
func TestWatchEventsBehindALiveReadBringNothingOlder(t *testing.T) {
	var got []string
	watch := capability.When(kind.ConfigMap).Watch(func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
		got = append(got, fmt.Sprintf("%s %s %d", e.Type, e.Object.ResourceVersion, e.Merged))
		return nil
	})
	r := newRigOn(t, answers{frame: frameOf(t, aMap("u", "30")), found: true}, logr.Discard(), watch)
	r.hire()
	b := r.feed.Subs[0].Of
	call := func(typ queue.EventType, w *binding.Work) {
		t.Helper()
		if res := b.Call(t.Context(), queue.Call[*binding.Work]{Key: queue.Key{Namespace: "ns", Name: "n"}, UID: "u", Type: typ, Payload: w}); res.Err != nil {
			t.Error(res.Err)
		}
	}
	call(queue.Added, binding.NewWork(frameOf(t, aMap("u", "10"))).DropObject())
	call(queue.Modified, binding.NewWork(frameOf(t, aMap("u", "15"))))
	call(queue.Modified, binding.NewWork(frameOf(t, aMap("u", "30"))))
	call(queue.Modified, binding.NewWork(frameOf(t, aMap("u", "31"))))
	if want := []string{"Added 30 0", "Modified 30 1", "Modified 30 0", "Modified 31 0"}; !slices.Equal(got, want) {
		t.Errorf("called with %q, want %q", got, want)
	}
	if n := b.Ahead.N.Load(); n != 0 {
		t.Errorf("%d are kept", n)
	}
}

// A call that has started with an older state, and has not looked yet whether that is outdated, keeps what a live read gave although the
// stream passes it; the end of the call lets it go.
func TestALiveReadOutlastsACallThatHasStarted(t *testing.T) {
	at := func(rv string) *corev1.ConfigMap { return aMap("u", rv, labelled("yes")) }
	for name, then := range map[string]func(*rig){
		"that state":           func(r *rig) { r.upsert(at("30"), false) },
		"out of the selection": func(r *rig) { r.upsert(aMap("u", "31"), false) },
		"the deletion":         func(r *rig) { r.gone(at("31"), false) },
		"a list without it": func(r *rig) {
			r.feed.Handle(watcher.Delta{Kind: watcher.Gone, Entry: r.entry(at("10")), Relist: true})
		},
		"a list": func(r *rig) { r.feed.Synced("30", true) },
	} {
		for action, binding := range map[string]func(selection) capability.Binding{
			"Reconcile": func(s selection) capability.Binding { return s.Reconcile(ignoreMap) },
			"in order":  func(s selection) capability.Binding { return s.InOrder().Reconcile(ignoreMap) },
			"Watch":     func(s selection) capability.Binding { return s.Watch(ignoreMap) },
		} {
			t.Run(name+"/"+action, func(t *testing.T) {
				r := newRig(t, binding(capability.When(kind.ConfigMap).WithAnnotation("in", "yes")))
				r.upsert(at("10"), false)
				b, key := r.feed.Subs[0].Of, queue.Key{Namespace: "ns", Name: "n"}
				b.Ahead.Set(key, &frameOf(t, at("30")).Meta)
				r.boxes[0].busy = true
				then(r)
				b.Metrics.Finished(queue.Finish{Key: key, UID: "u"}) // of the call before
				if n := b.Ahead.N.Load(); n != 1 {
					t.Errorf("%d live reads are kept while a call may begin with an older state, want 1", n)
				}
				r.boxes[0].busy = false
				b.Metrics.Finished(queue.Finish{Key: key, UID: "u"})
				if n := b.Ahead.N.Load(); n != 0 {
					t.Errorf("%d live reads are kept at the end, want none", n)
				}
			})
		}
	}
}

// A live read may show the next object of a name while the stream still delivers the one before. What it showed is kept until the
// stream has passed it.
func TestALiveReadOfTheNextObjectOutlastsTheOneBefore(t *testing.T) {
	for name, with := range map[string]func(*lens, selection) selection{
		"merging":          func(_ *lens, s selection) selection { return s },
		"in order":         func(_ *lens, s selection) selection { return s.InOrder() },
		"cached":           func(l *lens, s selection) selection { return s.Cached(&l.reader) },
		"cached, in order": func(l *lens, s selection) selection { return s.Cached(&l.reader).InOrder() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLens(t, with)
				next := l.state("1000000", "next")
				next.UID = "next"
				l.show(next)
				l.trigger("a")
				l.expect("Unchanged next")
				l.write("2")
				l.expect("Modified 2")
				if n := l.ahead(); n != 1 {
					t.Errorf("%d objects are ahead of the stream, want 1", n)
				}
				if cm, ok := l.reader.Get("default", "n"); ok && cm.Data["v"] != "next" {
					t.Errorf("the Reader went back to %q", cm.Data["v"])
				}
				l.show(l.state("7", "stale")) // a server that is behind
				l.trigger("b")
				l.expect()
			})
		})
	}
}
