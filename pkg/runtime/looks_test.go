package runtime

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/existence"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// world is a server at which somebody looks.
type world struct {
	mu            sync.Mutex
	uids          map[queue.Key]string
	readErr       error
	listErr       error
	reads         int
	byName        int           // lists of one
	lists         []string      // namespaces
	reading, most int           // reads that are under way
	hang          chan struct{} // reads wait for it
	hangLists     chan struct{}
	panics        bool
}

func (w *world) Lookup(ctx context.Context, _ kind.Resource, namespace, name string) (watcher.Meta, bool, error) {
	w.mu.Lock()
	w.reads++
	w.reading++
	w.most = max(w.most, w.reading)
	if w.panics {
		w.mu.Unlock()
		panic("of a secret")
	}
	uid, err := w.uids[queue.Key{Namespace: namespace, Name: name}], w.readErr
	w.mu.Unlock()
	wait(ctx, w.hang)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reading--
	return watcher.Meta{UID: uid}, uid != "", err
}

func (w *world) LookupListed(_ context.Context, _ kind.Resource, namespace, name string) (watcher.Meta, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byName++
	uid := w.uids[queue.Key{Namespace: namespace, Name: name}]
	return watcher.Meta{UID: uid}, uid != "", w.listErr
}

func (w *world) ReadListed(context.Context, kind.Resource, string, string, watcher.ReaderOptions) (*watcher.Frame, bool, error) {
	return nil, false, errors.New("nobody reads objects here")
}

func (w *world) LookupAll(ctx context.Context, _ kind.Resource, namespace string, each func(*watcher.Meta)) error {
	wait(ctx, w.hangLists)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lists = append(w.lists, namespace)
	if w.panics {
		panic("of a secret")
	}
	if w.listErr != nil {
		return w.listErr
	}
	for k, uid := range w.uids {
		if namespace == "" || namespace == k.Namespace {
			each(&watcher.Meta{Namespace: k.Namespace, Name: k.Name, UID: uid})
		}
	}
	return nil
}

func (w *world) Read(context.Context, kind.Resource, string, string, watcher.ReaderOptions) (*watcher.Frame, bool, error) {
	return nil, false, errors.New("the metadata is all that is needed")
}

// asked tells how often it was looked at since the last time, and where lists were of.
func (w *world) asked() (reads int, lists []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer func() { w.reads, w.lists = 0, nil }()
	return w.reads, w.lists
}

func (w *world) set(readErr, listErr error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.readErr, w.listErr = readErr, listErr
}

// looking runs test with a rig whose looks go to the world, in virtual time. said is its log.
func looking(t *testing.T, w *world, bindings []capability.Binding, test func(t *testing.T, r *rig, said func() []string)) {
	t.Helper()
	lookingAt(t, w, bindings, func(*rig) {}, test)
}

// lookingAt is for what departs before the first look.
func lookingAt(
	t *testing.T, w *world, bindings []capability.Binding, depart func(*rig), test func(t *testing.T, r *rig, said func() []string),
) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var lines []string
		log := funcr.New(func(_, args string) {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, args)
		}, funcr.Options{})
		r := newRigOn(t, w, log, bindings...)
		ctx, cancel := context.WithCancel(t.Context())
		depart(r)
		stopped := r.looks.Run(ctx)
		test(t, r, func() []string {
			mu.Lock()
			defer mu.Unlock()
			defer func() { lines = nil }()
			return slices.Clone(lines)
		})
		cancel()
		stopped()
	})
}

func refusal(code int32, reason metav1.StatusReason, seconds int32) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: code, Reason: reason, Details: &metav1.StatusDetails{RetryAfterSeconds: seconds},
	}}
}

func forbidden() error { return refusal(http.StatusForbidden, metav1.StatusReasonForbidden, 0) }

// Who may not read an object, but list it by its name, does that.
func TestALookByList(t *testing.T) {
	w := &world{readErr: forbidden(), uids: map[queue.Key]string{{Namespace: "ns", Name: "n"}: "u"}}
	looking(t, w, goers()[:1], func(t *testing.T, r *rig, said func() []string) {
		r.upsert(aMap("u", "1", labelled("yes")), false)
		r.boxes[0].take()
		r.gone(aMap("u", "2", labelled("yes")), true)
		synctest.Wait()
		r.expect(0, "Left")
		if got := said(); len(got) > 0 || w.byName != 1 {
			t.Errorf("%d lists of one, said %q", w.byName, got)
		}
	})
}

// What the server calls deleted may have left its selection only: a look decides, and a binding is not called
// for the one that it did not ask for. Three bindings that want to know look once.
func TestLeftAgainstDeleted(t *testing.T) {
	for name, c := range map[string]struct {
		uid                string
		all, left, deleted []string
	}{
		"exists":    {"u", []string{"Left"}, []string{"Left"}, []string{"Left -"}},
		"not found": {"", []string{"Deleted"}, []string{"Deleted -"}, []string{"Deleted"}},
		"another":   {"v", []string{"Deleted"}, []string{"Deleted -"}, []string{"Deleted"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{uids: map[queue.Key]string{{Namespace: "ns", Name: "n"}: c.uid}}
			looking(t, w, goers(), func(t *testing.T, r *rig, _ func() []string) {
				r.upsert(aMap("u", "1", labelled("yes")), false)
				for _, b := range r.boxes {
					b.take()
				}
				w.mu.Lock() // until all three have asked
				r.gone(aMap("u", "2", labelled("yes")), true)
				w.mu.Unlock()
				synctest.Wait()
				r.expect(0, c.all...)
				r.expect(1, c.left...)
				r.expect(2, c.deleted...)
				r.nothingOpen()
				if reads, lists := w.asked(); reads != 1 || len(lists) > 0 {
					t.Errorf("%d reads and %q listed, want one read", reads, lists)
				}
			})
		})
	}
}

// Where nobody can look, the object waits and the binding hears nothing of it; what is missing is said once. A later
// event ends it.
func TestALookFails(t *testing.T) {
	w := &world{readErr: forbidden(), listErr: forbidden()}
	looking(t, w, goers()[:1], func(t *testing.T, r *rig, said func() []string) {
		r.upsert(aMap("u", "1", labelled("yes")), false)
		r.boxes[0].take()
		r.gone(aMap("u", "2", labelled("yes")), true)
		synctest.Wait()
		r.expect(0)
		if got := said(); len(got) != 1 || !strings.Contains(got[0], "needs the verb get on") || !strings.Contains(got[0], `"object"="ns/n"`) {
			t.Errorf("said %q", got)
		}
		if reads, _ := w.asked(); reads != 1 {
			t.Errorf("%d reads, want 1", reads)
		}
		time.Sleep(15*time.Second + 500*time.Millisecond) // 1, 3, 7, 15 s
		synctest.Wait()
		if reads, _ := w.asked(); reads != 4 {
			t.Errorf("%d reads in 15 s, want 4", reads)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if reads, _ := w.asked(); reads < 9 || reads > 12 {
			t.Errorf("%d reads in ten minutes, want about one a minute", reads)
		}
		if got := said(); len(got) > 0 {
			t.Errorf("said again: %q", got)
		}
		r.upsert(aMap("v", "3", labelled("yes")), false)
		r.expect(0, "Deleted", "Added")
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if reads, _ := w.asked(); reads != 0 {
			t.Errorf("%d reads of what is known", reads)
		}
		if questions, _, _ := r.looks.Remembered(); questions != 0 {
			t.Errorf("%d questions are kept", questions)
		}
	})
}

// A network that fails is not called a missing right, and the server's word on when to come again counts.
func TestALookFailsOtherwise(t *testing.T) {
	w := &world{readErr: errors.New("connection reset"), uids: map[queue.Key]string{{Namespace: "ns", Name: "n"}: "u"}}
	looking(t, w, goers()[:1], func(t *testing.T, r *rig, said func() []string) {
		r.upsert(aMap("u", "1", labelled("yes")), false)
		r.boxes[0].take()
		r.gone(aMap("u", "2", labelled("yes")), true)
		synctest.Wait()
		if got := said(); len(got) != 1 || strings.Contains(got[0], "needs the verb") || !strings.Contains(got[0], "connection reset") {
			t.Errorf("said %q", got)
		}
		w.set(refusal(http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests, 30), nil)
		time.Sleep(time.Second)
		synctest.Wait()
		w.set(nil, nil)
		w.asked()
		time.Sleep(29 * time.Second)
		synctest.Wait()
		if reads, _ := w.asked(); reads != 0 {
			t.Errorf("%d reads before the server wants one", reads)
		}
		r.expect(0)
		time.Sleep(time.Second)
		synctest.Wait()
		r.expect(0, "Left")
	})
}

// crowd has n objects depart in each of some namespaces, of which every second is still there.
func crowd(r *rig, w *world, namespaces, n int) {
	w.uids = map[queue.Key]string{}
	var all []*corev1.ConfigMap
	for i := range namespaces {
		for j := range n {
			cm := aMap(fmt.Sprintf("u-%d-%d", i, j), "1", labelled("yes"))
			cm.Namespace, cm.Name = fmt.Sprintf("ns-%d", i), fmt.Sprintf("n-%d", j)
			all = append(all, cm)
			if j%2 == 0 {
				w.uids[queue.Key{Namespace: cm.Namespace, Name: cm.Name}] = string(cm.UID)
			}
			r.upsert(cm, false)
		}
	}
	for _, cm := range all {
		r.gone(cm, true)
	}
}

// told counts what a binding was told, and fails where an object was told of in the wrong way.
func (r *rig) told(i int) map[queue.EventType]int {
	n := map[queue.EventType]int{}
	for _, e := range r.boxes[i].events {
		n[e.Type]++
		last := e.Key.Name[len(e.Key.Name)-1]
		if even := last%2 == 0; e.Type != queue.Added && even != (e.Type == queue.Left) {
			r.t.Errorf("%s told of %s", e.Type, e.Key)
		}
	}
	return n
}

// Many at once are one list: of the namespace, or of all where there are many and the binding watches all.
func TestManyLooks(t *testing.T) {
	everywhere, oneNamespace := goers()[:1], []capability.Binding{
		capability.When(kind.ConfigMap).InNamespace("ns-0").WithAnnotation("in", "yes").IsCreated().IsDeleted().HasLeft().Watch(ignoreMap),
	}
	for name, c := range map[string]struct {
		bindings      []capability.Binding
		namespaces, n int
		listErr       error
		lists         []string
		reads         int
	}{
		"few":                     {everywhere, 1, existence.Together - 1, nil, nil, existence.Together - 1},
		"many of one namespace":   {everywhere, 1, 3 * existence.Together, nil, []string{"ns-0"}, 0},
		"few each of many":        {everywhere, 2, existence.Together - 1, nil, nil, 2 * (existence.Together - 1)},
		"very many":               {everywhere, 50, existence.Everywhere / 20, nil, []string{""}, 0},
		"very many, but not wide": {oneNamespace, 1, 2 * existence.Everywhere, nil, []string{"ns-0"}, 0},
		"lists are forbidden":     {everywhere, 1, 3 * existence.Together, forbidden(), []string{"ns-0"}, 3 * existence.Together},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{listErr: c.listErr}
			lookingAt(t, w, c.bindings, func(r *rig) { crowd(r, w, c.namespaces, c.n) }, func(t *testing.T, r *rig, said func() []string) {
				synctest.Wait()
				if reads, lists := w.asked(); !slices.Equal(lists, c.lists) || reads != c.reads {
					t.Errorf("%d reads and %q listed, want %d and %q", reads, lists, c.reads, c.lists)
				}
				all := c.namespaces * c.n
				if got := r.told(0); got[queue.Left] != (c.n+1)/2*c.namespaces || got[queue.Left]+got[queue.Deleted] != all {
					t.Errorf("told %v of %d", got, all)
				}
				if got := said(); len(got) > 0 {
					t.Errorf("said %q", got)
				}
				r.nothingOpen()
			})
		})
	}
}

// What could not be read by itself is found by the list for others.
func TestAListFindsWhatCouldNotBeRead(t *testing.T) {
	w := &world{readErr: forbidden(), listErr: forbidden()}
	looking(t, w, goers()[:1], func(t *testing.T, r *rig, _ func() []string) {
		r.upsert(aMap("first", "1", labelled("yes"), func(cm *corev1.ConfigMap) { cm.Namespace = "ns-0" }), false)
		r.gone(aMap("first", "2", labelled("yes"), func(cm *corev1.ConfigMap) { cm.Namespace = "ns-0" }), true)
		synctest.Wait()
		r.boxes[0].take()
		crowd(r, w, 1, 2*existence.Together)
		w.set(forbidden(), nil)
		time.Sleep(time.Hour)
		got := slices.DeleteFunc(r.boxes[0].take(), func(s string) bool { return s == "Added" })
		if len(got) != 2*existence.Together+1 {
			t.Errorf("%d told", len(got))
		}
		r.nothingOpen()
		w.asked()
		time.Sleep(time.Hour)
		if reads, lists := w.asked(); reads > 0 || len(lists) > 0 {
			t.Errorf("%d reads and %q listed of what is known", reads, lists)
		}
	})
}

// A panic is a failure, of which the value is not told, and the object is looked at again.
func TestALookPanics(t *testing.T) {
	for name, n := range map[string]int{"one": 1, "a list": 2 * existence.Together} {
		t.Run(name, func(t *testing.T) {
			w := &world{panics: true}
			lookingAt(t, w, goers()[:1], func(r *rig) { crowd(r, w, 1, n) }, func(t *testing.T, r *rig, said func() []string) {
				synctest.Wait()
				if got := strings.Join(said(), "\n"); !strings.Contains(got, "defect of Ancho") || strings.Contains(got, "secret") {
					t.Errorf("said %q", got)
				}
				w.mu.Lock()
				w.panics = false
				w.mu.Unlock()
				time.Sleep(existence.RetryMin)
				synctest.Wait()
				if got := r.told(0); got[queue.Left]+got[queue.Deleted] != n {
					t.Errorf("told %v of %d", got, n)
				}
				r.nothingOpen()
				if _, lists, _ := r.looks.Remembered(); lists > 0 {
					t.Errorf("%d lists that nobody makes", lists)
				}
			})
		})
	}
}

// A list that breaks off is made again later, all wait, and one line says so.
func TestAListFails(t *testing.T) {
	w := &world{listErr: errors.New("broke off")}
	lookingAt(t, w, goers()[:1], func(r *rig) { crowd(r, w, 1, 4*existence.Together) }, func(t *testing.T, r *rig, said func() []string) {
		synctest.Wait()
		if got := r.told(0); got[queue.Left]+got[queue.Deleted] > 0 {
			t.Errorf("told %v without a list", got)
		}
		if got := said(); len(got) != 1 || !strings.Contains(got[0], `"objects"=`) {
			t.Errorf("said %q", got)
		}
		w.set(nil, nil)
		time.Sleep(existence.RetryMin)
		synctest.Wait()
		if got := r.told(0); got[queue.Left] != 2*existence.Together || got[queue.Deleted] != 2*existence.Together {
			t.Errorf("told %v", got)
		}
		r.nothingOpen()
	})
}

// One read that hangs holds up nobody else, and there are never more than a few.
func TestALookHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{hang: make(chan struct{})}
		r := newRigOn(t, w, funcr.New(func(string, string) {}, funcr.Options{}), goers()[:1]...)
		ctx, cancel := context.WithCancel(t.Context())
		stopped := r.looks.Run(ctx)
		crowd(r, w, 2, 30)
		synctest.Wait()
		w.mu.Lock()
		if w.most != existence.AtOnce {
			t.Errorf("%d reads at once, want %d", w.most, existence.AtOnce)
		}
		w.mu.Unlock()
		close(w.hang)
		synctest.Wait()
		r.nothingOpen()
		cancel()
		stopped()
	})
}

// After the end nothing is looked at, and nothing is left behind.
func TestLooksEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{readErr: errors.New("away")}
		r := newRigOn(t, w, funcr.New(func(string, string) {}, funcr.Options{}), goers()[:1]...)
		ctx, cancel := context.WithCancel(t.Context())
		stopped := r.looks.Run(ctx)
		crowd(r, w, 1, 5)
		synctest.Wait()
		cancel()
		stopped()
		w.asked()
		time.Sleep(time.Hour)
		synctest.Wait()
		r.upsert(aMap("x", "7", labelled("yes")), false)
		r.gone(aMap("x", "8", labelled("yes")), true)
		synctest.Wait()
		if reads, lists := w.asked(); reads > 0 || len(lists) > 0 {
			t.Errorf("%d reads and %q listed after the end", reads, lists)
		}
	})
}

func (*world) Patch(context.Context, kind.Resource, string, string, []byte, watcher.ReaderOptions) (*watcher.Frame, error) {
	return nil, errors.New("nothing is written")
}

func (*world) List(context.Context, watcher.Target, watcher.ListParams) (*watcher.Response, error) {
	return nil, errors.New("nothing is listed")
}
