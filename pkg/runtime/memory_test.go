package runtime

import (
	"context"
	"net/http"
	goruntime "runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

const (
	floodObjects = 50_000

	// What a waiting object may take over the budget: its keys, its place in the queue and in the index.
	bytesPerKey = 700
	// The budget counts the bytes of objects; their buffers come in sizes of which up to a third is not used.
	bufferSlack = 1.5
	// Read ahead, in two parts, beside what is there always.
	floodMargin = 8 << 20
)

// told is what one binding's callback was called with.
type told struct {
	mu     sync.Mutex
	calls  int
	stands int   // for so many events
	last   []int // the latest version of each object
	back   int   // how often an object came in an older version than before
	merged int
}

func newTold(objects int) *told { return &told{last: make([]int, objects)} }

func (c *told) take(e capability.Event[*corev1.ConfigMap]) {
	i, err := strconv.Atoi(strings.TrimPrefix(e.Object.Name, "o-"))
	if err != nil {
		panic(err)
	}
	rv, err := strconv.Atoi(e.Object.ResourceVersion)
	if err != nil {
		panic(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	c.stands += 1 + e.Merged
	c.merged += e.Merged
	if rv < c.last[i] {
		c.back++
	}
	c.last[i] = max(c.last[i], rv)
}

// TestFloodWithACallbackThatBlocks: 50,000 large objects arrive, and change, while the callback of one binding blocks,
// a gigabyte in all. What waits for it stays within the budget and the keys; the snapshot completes; another binding on
// the same stream gets every event; and once the callback goes on, it is called with the last state of every object.
func TestFloodWithACallbackThatBlocks(t *testing.T) {
	maps := capability.When(kind.ConfigMap).InNamespace("ns").Alias("blocks")
	for name, bind := range map[string]func(capability.Handler[*corev1.ConfigMap]) capability.Binding{
		"Reconcile": func(h capability.Handler[*corev1.ConfigMap]) capability.Binding { return maps.Reconcile(h) },
		"Watch":     maps.Watch,
		"InOrder":   func(h capability.Handler[*corev1.ConfigMap]) capability.Binding { return maps.InOrder().Reconcile(h) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testFlood(t, bind) })
		})
	}
}

func testFlood(t *testing.T, bind func(capability.Handler[*corev1.ConfigMap]) capability.Binding) {
	defer debug.SetGCPercent(debug.SetGCPercent(500)) // what is in use is measured after a collection all the same
	f := newFlood(t, floodObjects, floodSize)
	blocked, free := newTold(floodObjects), newTold(floodObjects)
	base := heap()
	gate := make(chan struct{})
	var in atomic.Int32
	blocks := bind(func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
		in.Add(1)
		<-gate
		blocked.take(e)
		return nil
	})
	frees := capability.When(kind.ConfigMap).InNamespace("ns").Alias("free").Watch(func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
		free.take(e)
		return nil
	})
	r := startAt(t, f.config(), oneCapability(blocks, frees))
	synctest.Wait() // reading pauses
	if code, _ := r.get(t, "/readyz"); code == http.StatusOK {
		t.Error("ready at once: nothing paused")
	}
	time.Sleep(5 * time.Second)
	synctest.Wait()
	if code, text := r.get(t, "/readyz"); code != http.StatusOK {
		t.Errorf("not ready because the callback blocks: %s", text)
	}
	for range 3 {
		for i := range floodObjects / 10 {
			f.change(i * 10)
		}
	}
	synctest.Wait()

	if free.stands != f.events() || free.merged > 0 {
		t.Errorf("the other binding was told of %d events (%d merged), want %d, each by itself", free.stands, free.merged, f.events())
	}
	if n := in.Load(); n != declare.DefaultConcurrency {
		t.Errorf("%d calls, want as many as can run at once", n)
	}
	r.metric(t, `ancho_binding_paused_seconds_total{binding="blocks",capability="c"} 5`)
	r.metric(t, `ancho_binding_paused_seconds_total{binding="free",capability="c"} 0`)
	held, most := heap()-base, int64(bufferSlack*declare.DefaultMemoryBudget)+floodObjects*bytesPerKey+floodMargin
	t.Logf("%d MiB more than at first, at most %d MiB allowed, %d MiB in all", held>>20, most>>20, floodObjects*floodSize>>20)
	if held > most {
		t.Errorf("%d bytes more than at first, want %d at most", held, most)
	}

	close(gate)
	synctest.Wait()
	if blocked.stands != f.events() {
		t.Errorf("the calls stand for %d events, want %d", blocked.stands, f.events())
	}
	if blocked.merged == 0 || f.reads == 0 || blocked.back > 0 {
		t.Errorf("%d merged, %d read again, %d times an older state after a newer", blocked.merged, f.reads, blocked.back)
	}
	for i, want := range f.latest() {
		if blocked.last[i] != want || free.last[i] != want {
			t.Fatalf("object %d: last told of version %d and %d, want %d", i, blocked.last[i], free.last[i], want)
		}
	}
	if f.watches != 1 {
		t.Errorf("%d watches, want one", f.watches)
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}

// A callback that is slower than the wire for a while gets every object from memory, each event by itself: reading
// waits for it.
func TestFloodWithASlowCallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFlood(t, 300, 20<<10)
		slow := newTold(300)
		r := startAt(t, f.config(), oneCapability(capability.When(kind.ConfigMap).InNamespace("ns").MemoryBudget(256<<10).Watch(
			func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
				time.Sleep(100 * time.Millisecond)
				slow.take(e)
				return nil
			})))
		time.Sleep(time.Minute)
		synctest.Wait()
		if slow.calls != 300 || slow.merged != 0 || f.reads != 0 {
			t.Errorf("%d calls, %d merged, %d read again, want 300 from memory", slow.calls, slow.merged, f.reads)
		}
		if _, text := r.get(t, "/metrics"); strings.Contains(text, `ancho_binding_paused_seconds_total{binding="configmaps",capability="c"} 0`+"\n") {
			t.Error("reading did not wait")
		}
		r.metric(t, `ancho_binding_bytes{binding="configmaps",capability="c"} 0`)
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
}

// Two bindings run out of room in the same moment, and one of them has room again soon: it is not charged with the pause that
// the other goes on to ask for, nor does it run out of its allowance by that.
func TestFloodPausesAreChargedToThoseWhoAskForThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const objects, slowness = 300, 10 * time.Millisecond
		f := newFlood(t, objects, 20<<10)
		slow := newTold(objects)
		maps := capability.When(kind.ConfigMap).InNamespace("ns").MemoryBudget(256 << 10)
		r := startAt(t, f.config(), oneCapability(
			maps.Alias("blocks").Watch(func(ctx context.Context, _ capability.Event[*corev1.ConfigMap]) error {
				<-ctx.Done()
				return nil
			}),
			maps.Alias("slow").Watch(func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
				time.Sleep(slowness)
				slow.take(e)
				return nil
			}),
		))
		time.Sleep(time.Minute)
		synctest.Wait()
		r.metric(t, `ancho_binding_paused_seconds_total{binding="blocks",capability="c"} 5`)
		if took := r.value(t, `ancho_binding_paused_seconds_total{binding="slow",capability="c"}`); took <= 0 || took >= 1 {
			t.Errorf("the slow one is charged with %g s, want what its calls take, which is less than one", took)
		}
		r.metric(t, `ancho_binding_reread_total{binding="slow",capability="c"} 0`)
		if slow.calls != objects || slow.merged != 0 {
			t.Errorf("%d calls, %d merged, want %d, each by itself", slow.calls, slow.merged, objects)
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
}

// A stop does not wait for the end of a pause.
func TestFloodStopsWhileReadingPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFlood(t, 300, 20<<10)
		o := oneCapability(capability.When(kind.ConfigMap).InNamespace("ns").MemoryBudget(256 << 10).Watch(
			func(ctx context.Context, _ capability.Event[*corev1.ConfigMap]) error {
				<-ctx.Done()
				return nil
			}))
		o.GracePeriod = -1
		r := startAt(t, f.config(), o)
		synctest.Wait()
		began := time.Now()
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("the stop took %s", d)
		}
	})
}

// heap is what is in use.
func heap() int64 {
	var m goruntime.MemStats
	for range 3 { // what a pool holds lives through the first
		goruntime.GC()
	}
	goruntime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// metric fails the test if the metrics have no such line.
func (r *running) metric(t *testing.T, line string) {
	t.Helper()
	if _, text := r.get(t, "/metrics"); !strings.Contains(text, line+"\n") {
		_, name, _ := strings.Cut("\n"+text, "\n"+line[:strings.IndexByte(line, '{')]+"{")
		name, _, _ = strings.Cut(name, "\n")
		t.Errorf("no metric %q, but %s", line, name)
	}
}

// value is what the metrics say of a series.
func (r *running) value(t *testing.T, series string) float64 {
	t.Helper()
	_, text := r.get(t, "/metrics")
	_, after, _ := strings.Cut(text, "\n"+series+" ")
	word, _, _ := strings.Cut(after, "\n")
	n, err := strconv.ParseFloat(word, 64)
	if err != nil {
		t.Errorf("no metric %s: %v", series, err)
	}
	return n
}
