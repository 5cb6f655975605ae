package wire

import (
	"bytes"
	"testing"

	"github.com/ancho-dev/ancho/internal/poison"
	"github.com/ancho-dev/ancho/pkg/kind"
)

func TestBufferClasses(t *testing.T) {
	sizes := map[int]int{}
	for size := range largestBuffer + 1 {
		class, capacity := bufferClass(size)
		if class < 0 || class >= bufferClasses || capacity < size {
			t.Fatalf("%d bytes: class %d of %d bytes", size, class, capacity)
		}
		if capacity > smallestBuffer && capacity-size > capacity/3 {
			t.Fatalf("%d bytes take %d", size, capacity)
		}
		if known, ok := sizes[class]; ok && known != capacity {
			t.Fatalf("class %d holds %d bytes, and %d", class, known, capacity)
		}
		sizes[class] = capacity
	}
	if len(sizes) != bufferClasses {
		t.Errorf("%d classes are in use", len(sizes))
	}
	if class, capacity := bufferClass(largestBuffer + 1); class != noClass || capacity != largestBuffer+1 {
		t.Errorf("a large one: class %d, %d bytes", class, capacity)
	}
}

// A buffer is used again after its last owner's Release, and not before.
func TestFrameOwners(t *testing.T) {
	f := copied([]byte("0123456789"))
	if !poisoned(f) {
		t.Error("the only owner's Release gave nothing back")
	}
	f = copied([]byte("0123456789"))
	f.Retain()
	f.Retain()
	for range 2 {
		if poisoned(f) {
			t.Error("it was given back while it was owned")
		}
	}
	if !poisoned(f) {
		t.Error("the last owner's Release gave nothing back")
	}
	f.Release() // once too often, which must not give it to two
	if a, b := copied([]byte("a")), copied([]byte("b")); a == b || string(a.Raw) != "a" || string(b.Raw) != "b" {
		t.Errorf("%q and %q", a.Raw, b.Raw)
	}
}

// poisoned releases f, and says whether its bytes were overwritten.
func poisoned(f *Frame) bool {
	raw := f.Raw
	f.Release()
	return raw[0] == poison.Byte && raw[len(raw)-1] == poison.Byte
}

func TestFrameWithoutPool(t *testing.T) {
	var none *Frame
	none.Retain()
	none.Release()
	made := &Frame{Raw: []byte("x"), Meta: Meta{Name: "a"}}
	made.Retain()
	made.Release()
	made.Release()
	if string(made.Raw) != "x" || made.Meta.Name != "a" {
		t.Errorf("a frame that no pool gave was changed: %+v", made.Meta)
	}
}

// What a frame held before does not show in what it holds next.
func TestFrameIsUsedAgain(t *testing.T) {
	first, small := eventPB(t, "ADDED", enveloped(t, "Pod", pod("a"))), enveloped(t, "Pod", podOf("b"))
	for range 10 {
		r := newWatch(t, watchPB, bytes.NewReader(append(bytes.Clone(first), eventPB(t, "MODIFIED", small)...)), ReaderOptions{})
		f, err := r.Next()
		if err != nil || !same(f.Meta, podMeta("a")) {
			t.Fatalf("%+v, %v", f, err)
		}
		f.Release()
		f, err = r.Next()
		if err != nil || !same(f.Meta, Meta{Name: "b"}) || f.Type != Modified || !bytes.Equal(f.Raw, small) {
			t.Fatalf("%+v, %v", f, err)
		}
		f.Release()
	}
}

func TestFrameHolds(t *testing.T) {
	f := copied(make([]byte, 5<<10))
	f.Raw = f.Raw[4<<10:] // as after a cut
	large, made := copied(make([]byte, largestBuffer+1)), &Frame{Raw: make([]byte, 7)}
	if f.Held() != 6<<10 || large.Held() != largestBuffer+1 || made.Held() != 7 {
		t.Errorf("%d, %d and %d bytes", f.Held(), large.Held(), made.Held())
	}
}

func TestLargeFramesAreNotKept(t *testing.T) {
	f := copied(make([]byte, largestBuffer+1))
	f.Release()
	if f.buffer != nil {
		t.Error("a large buffer is kept")
	}
	f, _ = newBuffer(10)
	f.Meta.Labels = make(Pairs, maxKept+1)
	f.Release()
	if f.Meta.Labels != nil {
		t.Error("a long list is kept")
	}
}

// The usual case allocates nothing. Readers are looked at loosely, as a pool forgets now and then.
func TestScanProtobufAllocatesNothing(t *testing.T) {
	raw := enveloped(t, "Pod", largePod())
	var m Meta
	if n := testing.AllocsPerRun(100, func() {
		if err := ScanProtobuf(raw, false, &m); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("a scan makes %v allocations", n)
	}
}

func TestReadersAllocateLittle(t *testing.T) {
	const frames, limit = 400, 8
	event := eventPB(t, "ADDED", enveloped(t, "Pod", largePod()))
	list := podList(0)
	for range frames {
		list.Items = append(list.Items, *largePod())
	}
	for name, r := range map[string]WatchReader{
		"watch": newWatch(t, watchPB, bytes.NewReader(bytes.Repeat(event, frames)), ReaderOptions{}),
		"list":  newList(t, typeProtobuf, bytes.NewReader(enveloped(t, "PodList", list)), ReaderOptions{}),
	} {
		if n := testing.AllocsPerRun(frames-1, func() {
			f, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			f.Release()
		}); n > limit {
			t.Errorf("%s: %v allocations a frame", name, n)
		}
	}
}

func TestCloneIsIndependent(t *testing.T) {
	f := copied(enveloped(t, "Pod", pod("web")))
	if err := Scan(f.Raw, kind.Protobuf, &f.Meta); err != nil {
		t.Fatal(err)
	}
	kept := f.Meta.Clone()
	f.Release()
	if !same(kept, podMeta("web")) {
		t.Errorf("the clone changed with the frame: %+v", kept)
	}
	if empty := (&Meta{}).Clone(); !same(empty, Meta{}) {
		t.Errorf("%+v", empty)
	}
}
