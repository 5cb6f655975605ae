package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/binding"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/dispatch"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/existence"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/live"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/observe"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/plan"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// inbox is an engine that keeps what it is given, and seems to have work for every object.
type inbox struct {
	mu     sync.Mutex
	events []queue.Event[*binding.Work]
	idle   bool // it has work for no object
	busy   bool // a call has started
}

func (i *inbox) Add(e queue.Event[*binding.Work]) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.events = append(i.events, e)
}

func (i *inbox) Knows(queue.Key, string) bool { return !i.idle }
func (i *inbox) Waits(queue.Key, string) bool { return false }
func (i *inbox) Busy(queue.Key, string) bool  { return i.busy }
func (i *inbox) Run(context.Context)          {}
func (i *inbox) Shutdown()                    {}
func (i *inbox) Stats() queue.Stats           { return queue.Stats{} }
func (i *inbox) Running() []queue.RunningInfo { return nil }
func (i *inbox) Room() <-chan struct{}        { return nil }
func (i *inbox) Roomy() time.Time             { return time.Time{} }

// take empties the inbox and names what was in it: type, and "-" where it did not pass.
func (i *inbox) take() (out []string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, e := range i.events {
		s := string(e.Type)
		if e.Initial {
			s += " initial"
		}
		if !e.Passed {
			s += " -"
		}
		out = append(out, s)
	}
	i.events = nil
	return out
}

// rig is a feed with one route, whose bindings deliver to inboxes.
type rig struct {
	t     testing.TB
	feed  *dispatch.Dispatcher
	boxes []*inbox
	index *watcher.Index
	looks *existence.Checks
}

func newRig(t testing.TB, bindings ...capability.Binding) *rig {
	t.Helper()
	return newRigOn(t, nil, logr.Discard(), bindings...)
}

// newRigOn is for bindings that look at a server.
func newRigOn(t testing.TB, server live.Reader, log logr.Logger, bindings ...capability.Binding) *rig {
	t.Helper()
	compiled, err := declared(oneCapability(bindings...), capability.Env{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := observe.New(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, looks: existence.New(server)}
	live := map[*compile.Compiled]*binding.Binding{}
	for _, c := range compiled {
		b, box := binding.New(c, binding.Options{}, r.looks, log, m), &inbox{}
		b.Engine = box
		live[c] = b
		r.boxes = append(r.boxes, box)
	}
	r.feed = dispatch.NewDispatcher([]plan.Route{{Target: compiled[0].Targets[0], Bindings: compiled}}, live)
	r.index = watcher.NewIndex(r.feed.Words)
	return r
}

// hire puts the engines of the bindings in the place of the inboxes. They make no calls.
func (r *rig) hire() {
	r.t.Helper()
	m, err := observe.New(prometheus.NewRegistry())
	if err != nil {
		r.t.Fatal(err)
	}
	for _, s := range r.feed.Subs {
		s.Of.Engine = binding.New(s.Of.Compiled, binding.Options{}, r.looks, logr.Discard(), m).Engine
	}
}

func frameOf(t testing.TB, cm *corev1.ConfigMap) *watcher.Frame {
	t.Helper()
	raw, err := json.Marshal(cm)
	if err != nil {
		t.Fatal(err)
	}
	return &watcher.Frame{Raw: raw, Encoding: kind.JSON, Meta: watcher.Meta{
		Namespace: cm.Namespace, Name: cm.Name, UID: string(cm.UID), ResourceVersion: cm.ResourceVersion,
		Generation: cm.Generation, Labels: pairs(cm.Labels), Annotations: pairs(cm.Annotations),
	}}
}

func aMap(uid, rv string, change ...func(*corev1.ConfigMap)) *corev1.ConfigMap {
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "n", UID: types.UID(uid), ResourceVersion: rv}}
	for _, f := range change {
		f(cm)
	}
	return cm
}

func labelled(v string) func(*corev1.ConfigMap) {
	return func(cm *corev1.ConfigMap) { cm.Annotations = map[string]string{"in": v} }
}

func (r *rig) upsert(cm *corev1.ConfigMap, initial bool) {
	r.feed.Handle(watcher.Delta{Kind: watcher.Upsert, Frame: frameOf(r.t, cm), Entry: r.entry(cm), Initial: initial})
}

func (r *rig) gone(cm *corev1.ConfigMap, ambiguous bool) {
	r.feed.Handle(watcher.Delta{Kind: watcher.Gone, Frame: frameOf(r.t, cm), Entry: r.entry(cm), Ambiguous: ambiguous})
	r.index.Remove(r.entry(cm))
}

// entry is what a stream would have of the object.
func (r *rig) entry(cm *corev1.ConfigMap) watcher.Entry {
	return r.index.Put(cm.Namespace, cm.Name, string(cm.UID), cm.ResourceVersion)
}

func (r *rig) expect(i int, want ...string) {
	r.t.Helper()
	if got := r.boxes[i].take(); !slices.Equal(got, want) {
		r.t.Errorf("binding %d got %q, want %q", i, got, want)
	}
}

func TestFeedFollowsTheSet(t *testing.T) {
	maps := capability.When(kind.ConfigMap)
	r := newRig(t,
		maps.WithAnnotation("in", "yes").Alias("default").Watch(ignoreMap),
		maps.WithAnnotation("in", "yes").IsDeleted().HasLeft().Alias("out").Watch(ignoreMap),
	)
	r.upsert(aMap("u", "1", labelled("no")), true)
	r.expect(0)
	r.upsert(aMap("u", "2", labelled("yes")), false)
	r.expect(0, "Added")
	r.expect(1, "Added -")
	r.upsert(aMap("u", "3", labelled("yes")), false)
	r.expect(0, "Modified")
	r.upsert(aMap("u", "4", labelled("no")), false)
	r.expect(0, "Left -")
	r.expect(1, "Modified -", "Left")
	r.gone(aMap("u", "5"), false)
	r.expect(0)
	r.expect(1)
	r.upsert(aMap("v", "6", labelled("yes")), false)
	r.gone(aMap("v", "7"), false)
	r.expect(0, "Added", "Deleted -")
	r.expect(1, "Added -", "Deleted")
}

func TestFeedTellsWhatWasThere(t *testing.T) {
	maps := capability.When(kind.ConfigMap)
	r := newRig(t,
		maps.IsUpdated().Alias("watch").Watch(ignoreMap),
		maps.IsUpdated().Alias("reconcile").Reconcile(ignoreMap),
		maps.IsCreated().Alias("created").Watch(ignoreMap),
	)
	r.upsert(aMap("u", "1"), true)
	r.feed.Synced("1", false)
	r.expect(0, "Added initial -")
	r.expect(1, "Added initial")
	r.expect(2, "Added initial")
	r.upsert(aMap("v", "2"), true) // the stream says initial once more; the bindings have begun
	r.expect(0, "Added -")
	r.expect(1, "Added -")
	r.expect(2, "Added")
}

func TestFeedSettlesOnlyWhereABindingCares(t *testing.T) {
	maps := capability.When(kind.ConfigMap).WithAnnotation("in")
	r := newRig(t,
		maps.Alias("neither").Watch(ignoreMap),
		maps.IsDeleted().Alias("deleted").Watch(ignoreMap),
		maps.HasLeft().Alias("left").Watch(ignoreMap),
	)
	r.upsert(aMap("u", "1", labelled("")), false)
	for _, b := range r.boxes {
		b.take()
	}
	r.gone(aMap("u", "2"), true)
	r.expect(0, "Deleted -")
	r.expect(1)
	r.expect(2)
	for i, cares := range []int32{0, 1, 1} {
		if n := r.feed.Subs[i].Of.Pending.N.Load(); n != cares {
			t.Errorf("binding %d: %d to be settled, want %d", i, n, cares)
		}
	}
}

func TestFeedComparesWhatIsAskedFor(t *testing.T) {
	maps := capability.When(kind.ConfigMap)
	r := newRig(t,
		maps.OnSpecChange().Alias("spec").Watch(ignoreMap),
		maps.OnChange(func(cm *corev1.ConfigMap) any { return cm.Data["k"] }).Alias("change").Watch(ignoreMap),
		maps.Where(func(cm *corev1.ConfigMap) bool { return cm.Data["k"] != "out" }).Alias("where").Watch(ignoreMap),
	)
	with := func(gen int64, v string) func(*corev1.ConfigMap) {
		return func(cm *corev1.ConfigMap) { cm.Generation, cm.Data = gen, map[string]string{"k": v} }
	}
	r.upsert(aMap("u", "1", with(1, "a")), false)
	r.upsert(aMap("u", "2", with(2, "a")), false)
	r.upsert(aMap("u", "3", with(2, "b")), false)
	r.upsert(aMap("u", "4", with(2, "out")), false)
	r.expect(0, "Added", "Modified", "Modified -", "Modified -")
	r.expect(1, "Added", "Modified -", "Modified", "Modified")
	r.expect(2, "Added", "Modified", "Modified", "Left -")
}

// An event that no binding takes is told only where a binding has work for the object, and allocates nothing elsewhere.
func TestFeedMakesNothingOfWhatNobodyTakes(t *testing.T) {
	maps := capability.When(kind.ConfigMap).WithAnnotation("in", "yes")
	r := newRig(t, maps.IsDeleted().Alias("deleted").Watch(ignoreMap), maps.OnSpecChange().Alias("spec").Reconcile(ignoreMap))
	out, in, again := frameOf(t, aMap("u", "1", labelled("no"))), frameOf(t, aMap("u", "2", labelled("yes"))), frameOf(t, aMap("u", "3", labelled("yes")))
	e := r.entry(aMap("u", "1"))
	told := func(kind watcher.DeltaKind, f *watcher.Frame) {
		r.feed.Handle(watcher.Delta{Kind: kind, Frame: f, Entry: e})
	}
	told(watcher.Upsert, out)
	told(watcher.Upsert, in)
	told(watcher.Upsert, again)
	r.expect(0, "Added -", "Modified -")
	r.expect(1, "Added", "Modified -")
	r.boxes[0].idle, r.boxes[1].idle = true, true
	if got := testing.AllocsPerRun(100, func() { told(watcher.Upsert, again) }); got > 0 {
		t.Errorf("a change that nobody takes: %v allocations", got)
	}
	told(watcher.Gone, again)
	r.expect(0, "Deleted")
	r.expect(1)
	if got := testing.AllocsPerRun(100, func() { told(watcher.Upsert, out) }); got > 0 {
		t.Errorf("what does not match: %v allocations", got)
	}
	r.expect(0)
	r.expect(1)
}

// What left, and what is gone without a last state, is told by its identity: whose strings outlive the frame.
func TestFeedTellsTheIdentityOfWhatWent(t *testing.T) {
	var told []string
	r := newRig(t, capability.When(kind.ConfigMap).WithAnnotation("in", "yes").HasLeft().IsDeleted().Watch(
		func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
			told = append(told, fmt.Sprintf("%s %s/%s %s@%s %v", e.Type, e.Object.Namespace, e.Object.Name, e.Object.UID, e.Object.ResourceVersion, e.Partial))
			return nil
		}))
	call := func() {
		e := r.boxes[0].events[0]
		r.boxes[0].take()
		if e.Key != (queue.Key{Namespace: "ns", Name: "n"}) || e.UID != "u" {
			t.Errorf("it is about %v, %q", e.Key, e.UID)
		}
		if res := r.feed.Subs[0].Of.Call(t.Context(), queue.Call[*binding.Work]{Key: e.Key, UID: e.UID, Type: e.Type, Payload: e.Payload}); res.Err != nil {
			t.Error(res.Err)
		}
	}
	in := func(rv string) {
		r.upsert(aMap("u", rv, labelled("yes")), false)
		r.boxes[0].take()
	}
	in("1")
	raw := []byte("ns.n.u.2")
	var meta watcher.Meta
	meta.Namespace, meta.Name = unsafe.String(&raw[0], 2), unsafe.String(&raw[3], 1)
	meta.UID, meta.ResourceVersion = unsafe.String(&raw[5], 1), unsafe.String(&raw[7], 1)
	r.feed.Handle(watcher.Delta{Kind: watcher.Upsert, Frame: &watcher.Frame{Meta: meta, Raw: raw}, Entry: r.entry(aMap("u", "2"))})
	clear(raw)
	call()
	in("3")
	r.feed.Handle(watcher.Delta{Kind: watcher.Gone, Entry: r.entry(aMap("u", "3"))})
	r.index.Remove(r.entry(aMap("u", "3")))
	call()
	if want := []string{"Left ns/n u@2 true", "Deleted ns/n u@3 true"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

func TestFeedPassesOverWhatDoesNotDecode(t *testing.T) {
	r := newRig(t, capability.When(kind.ConfigMap).Where(func(*corev1.ConfigMap) bool { return true }).Watch(ignoreMap))
	cm := aMap("b", "1")
	bad := frameOf(t, cm)
	bad.Raw = []byte(`{"data":{"k":7}}`)
	r.feed.Handle(watcher.Delta{Kind: watcher.Upsert, Frame: bad, Entry: r.entry(cm)})
	r.expect(0)
	r.upsert(aMap("u", "2"), false)
	r.expect(0, "Added")
}

// answers is a server whose live reads are known beforehand.
type answers struct {
	meta  watcher.Meta
	frame *watcher.Frame
	found bool
	err   error

	listed *watcher.Frame // by a list of the one name
	refuse error          // such a list
}

func (a answers) Lookup(context.Context, kind.Resource, string, string) (watcher.Meta, bool, error) {
	return a.meta, a.found, a.err
}

func (a answers) LookupListed(context.Context, kind.Resource, string, string) (watcher.Meta, bool, error) {
	return a.meta, a.found, a.err
}

func (a answers) LookupAll(_ context.Context, _ kind.Resource, _ string, each func(*watcher.Meta)) error {
	if a.found {
		each(&a.meta)
	}
	return a.err
}

func (a answers) Read(context.Context, kind.Resource, string, string, watcher.ReaderOptions) (*watcher.Frame, bool, error) {
	return a.frame, a.found, a.err
}

func (a answers) ReadListed(context.Context, kind.Resource, string, string, watcher.ReaderOptions) (*watcher.Frame, bool, error) {
	return a.listed, a.listed != nil, a.refuse
}

func TestCallReadsAgainWhatWasNotKept(t *testing.T) {
	match := func(cm *corev1.ConfigMap) {
		cm.Annotations, cm.Data = map[string]string{"in": ""}, map[string]string{"k": "fresh"}
	}
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, "n", errors.New("not for you"))
	for name, c := range map[string]struct {
		answers
		want  queue.Outcome
		calls int
	}{
		"get is forbidden, list is not":     {answers: answers{err: forbidden, listed: frameOf(t, aMap("u", "2", match))}, want: queue.Done, calls: 1},
		"get is forbidden, and it is gone":  {answers: answers{err: forbidden}, want: queue.Drop},
		"get and list are forbidden":        {answers: answers{err: forbidden, refuse: forbidden}, want: queue.Postpone},
		"get is forbidden, and list fails":  {answers: answers{err: forbidden, refuse: errors.New("away")}, want: queue.Postpone},
		"get fails in another way, no list": {answers: answers{err: errors.New("away"), listed: frameOf(t, aMap("u", "2", match))}, want: queue.Postpone},

		"there":          {answers: answers{frame: frameOf(t, aMap("u", "2", match)), found: true}, want: queue.Done, calls: 1},
		"gone":           {want: queue.Drop},
		"another object": {answers: answers{frame: frameOf(t, aMap("other", "2", match)), found: true}, want: queue.Drop},
		"left":           {answers: answers{frame: frameOf(t, aMap("u", "2")), found: true}, want: queue.Drop},
		"forbidden":      {answers: answers{err: errors.New("forbidden")}, want: queue.Postpone},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			compiled, err := declared(oneCapability(capability.When(kind.ConfigMap).WithAnnotation("in").
				Where(func(cm *corev1.ConfigMap) bool { return cm.Data["k"] == "fresh" }).
				Reconcile(func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
					calls++
					if e.Object.Data["k"] != "fresh" {
						t.Errorf("called with %v", e.Object.Data)
					}
					return nil
				})), capability.Env{})
			if err != nil {
				t.Fatal(err)
			}
			m, err := observe.New(prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			kept := &binding.Work{Frame: frameOf(t, aMap("u", "1"))}
			b := binding.New(compiled[0], binding.Options{}, existence.New(c.answers), logr.Discard(), m)
			res := b.Call(t.Context(), queue.Call[*binding.Work]{
				Key: queue.Key{Namespace: "ns", Name: "n"}, UID: "u", Type: queue.Added, Payload: kept.DropObject(),
			})
			if res.Outcome != c.want || calls != c.calls {
				t.Errorf("outcome %v (%v) after %d calls, want %v after %d", res.Outcome, res.Err, calls, c.want, c.calls)
			}
		})
	}
}

// pairs are labels or annotations as a scan finds them.
func pairs(from map[string]string) (out watcher.Pairs) {
	for k, v := range from {
		out = append(out, watcher.Pair{Key: k, Value: v})
	}
	return out
}

func (answers) Patch(context.Context, kind.Resource, string, string, []byte, watcher.ReaderOptions) (*watcher.Frame, error) {
	return nil, errors.New("nothing is written")
}

func (answers) List(context.Context, watcher.Target, watcher.ListParams) (*watcher.Response, error) {
	return nil, errors.New("nothing is listed")
}
