package binding

import (
	"fmt"
	goruntime "runtime"
	"testing"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

const (
	// cachedOverhead is what Cached may take for an object beside its bytes, with a name of 32 bytes in a namespace of 16.
	// Measured are 254 to 292 bytes, by how full the map happens to be.
	cachedOverhead = 300
	// cachedSlack is what a cache that was large and is empty may keep: a map is made anew from cacheLargest objects on.
	cachedSlack = 128 << 10
)

// TestCachedHeap measures what an object costs that Cached keeps, beside the object itself, and that what is gone costs
// nothing. The number of objects is the worst for a Go map that grows, and a good one.
func TestCachedHeap(t *testing.T) {
	for _, objects := range []int{30_000, 50_000} {
		t.Run(fmt.Sprint(objects), func(t *testing.T) {
			c := newCache(&compile.Compiled{Attach: func(declare.Cache) {}})
			frame := &watcher.Frame{Raw: make([]byte, 256), Encoding: kind.JSON, Cut: true} // a size that the allocator has
			meta := func(i int) watcher.Meta {
				return watcher.Meta{
					Namespace: fmt.Sprintf("namespace-%06d", i%1000), Name: fmt.Sprintf("the-name-of-an-object-%010d", i),
					UID: fmt.Sprintf("%08d-0b9c-4b8e-9d0a-0123456789ab", i), ResourceVersion: "1234567890",
				}
			}
			base := heapInUse()
			for i := range objects {
				frame.Meta = meta(i)
				c.put(frame)
			}
			n, raw := c.Size()
			each := (heapInUse() - base - raw) / int64(objects)
			t.Logf("%d bytes an object beside its own %d", each, len(frame.Raw))
			if n != objects || raw != int64(objects*len(frame.Raw)) || each > cachedOverhead || each < 0 {
				t.Errorf("%d objects, %d bytes; %d beside, for each, want %d at most", n, raw, each, cachedOverhead)
			}
			for i := range objects {
				m := meta(i)
				if c.take(queue.Key{Namespace: m.Namespace, Name: m.Name}, m.UID) == nil {
					t.Fatalf("%s is not there", m.Name)
				}
			}
			if left := heapInUse() - base; left > cachedSlack {
				t.Errorf("%d bytes are left of what is gone", left)
			}
			if n, raw := c.Size(); n != 0 || raw != 0 {
				t.Errorf("%d objects of %d bytes are left", n, raw)
			}
		})
	}
}

func heapInUse() int64 {
	var m goruntime.MemStats
	for range 3 { // what a pool holds lives through the first
		goruntime.GC()
	}
	goruntime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
