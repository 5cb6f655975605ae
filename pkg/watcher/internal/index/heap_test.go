package index

import (
	"reflect"
	"runtime"
	"testing"
)

// heapSlack is what an index that was large and is empty may keep.
const heapSlack = 64 << 10

// heapOf is the size of what is alive.
func heapOf() int64 {
	for range 2 {
		runtime.GC()
	}
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

// nameOf writes a name of 32 bytes in a namespace of 16, and its UID, into memory that it uses again.
func nameOf(buffer []byte, n, namespaces int) (namespace, name, uid string) {
	buffer = append(buffer[:0], "namespace-######the-name-of-an-object-is-###############-0b9c-4b8e-9d0a-0123456789ab"...)
	number(buffer[10:16], n%namespaces)
	number(buffer[41:48], n)
	number(buffer[48:56], n)
	text := unsafeString(buffer)
	return text[:16], text[16:48], text[48:]
}

// number writes n in hexadecimal digits.
func number(into []byte, n int) {
	for i := len(into) - 1; i >= 0; i, n = i-1, n>>4 {
		into[i] = "0123456789abcdef"[n&15]
	}
}

// At rest an object costs at most 150 bytes with one word, of which 56 are its name, its UID and its
// resourceVersion, also where each is in a namespace of its own; one word more costs eight; and what is gone costs
// nothing, in whatever order it went.
func TestIndexHeap(t *testing.T) {
	for name, c := range map[string]struct {
		objects, namespaces, words int
		most                       int64
	}{
		"a thousand namespaces":    {200_000, 1000, 1, 110},
		"two words":                {50_000, 1000, 2, 118},
		"a namespace for each one": {100_000, 100_000, 1, 150},
	} {
		t.Run(name, func(t *testing.T) {
			buffer := make([]byte, 0, 128)
			base := heapOf()
			x := NewIndex(c.words)
			fill := func() {
				for n := range c.objects {
					namespace, name, uid := nameOf(buffer, n, c.namespaces)
					x.Put(namespace, name, uid, "1234567890")
				}
			}
			empty := func(keep int) {
				for n := range c.objects {
					namespace, name, _ := nameOf(buffer, n, c.namespaces)
					if e, ok := x.Get(namespace, name); ok && n%keep != keep/2 {
						x.Remove(e)
					}
				}
			}
			fill()
			per := (heapOf() - base) / int64(c.objects)
			t.Logf("%d bytes an object", per)
			if per > c.most {
				t.Errorf("%d bytes an object, want at most %d", per, c.most)
			}
			empty(100)
			if left := heapOf() - base; left > 2*c.most*int64(c.objects)/100+heapSlack {
				t.Errorf("%d bytes for the %d objects that are left, %d each", left, x.Len(), left/int64(x.Len()))
			}
			fill()
			empty(c.objects * 2)
			if left := heapOf() - base; x.Len() != 0 || left > heapSlack {
				t.Errorf("%d bytes for %d objects", left, x.Len())
			}
			runtime.KeepAlive(x)
		})
	}
}

// Names that come and go, always as many at a time, cost no more than the same that stay.
func TestIndexHeapChurn(t *testing.T) {
	const alive = 20_000
	buffer := make([]byte, 0, 128)
	base := heapOf()
	x := NewIndex(1)
	most := int64(0)
	for n := range 10 * alive {
		namespace, name, uid := nameOf(buffer, n, 1<<20)
		x.Put(namespace, name, uid, "1")
		if n < alive {
			continue
		}
		namespace, name, _ = nameOf(buffer, n-alive+n%7*alive/8, 1<<20) // old ones and young ones
		if e, ok := x.Get(namespace, name); ok {
			x.Remove(e)
		}
		for x.Len() > alive {
			for e := range x.All() {
				x.Remove(e)
				break
			}
		}
		if n%alive == 0 {
			most = max(most, (heapOf()-base)/alive)
		}
	}
	t.Logf("%d bytes an object at most", most)
	if most > 200 {
		t.Errorf("%d bytes an object", most)
	}
	runtime.KeepAlive(x)
}

// The garbage collector has nothing to look into: what there is one of for each object holds no pointers.
func TestIndexHoldsNoPointers(t *testing.T) {
	for _, of := range []any{record{}, namespace{}} {
		if typ := reflect.TypeOf(of); pointers(typ) {
			t.Errorf("a %s holds pointers", typ)
		}
	}
	if size := reflect.TypeFor[record]().Size(); size != 40 {
		t.Errorf("a record has %d bytes", size)
	}
}

// pointers says whether values of a type hold pointers; only what records are made of is none.
func pointers(of reflect.Type) bool {
	switch of.Kind() {
	case reflect.Struct:
		for field := range of.Fields() {
			if pointers(field.Type) {
				return true
			}
		}
		return false
	case reflect.Array:
		return pointers(of.Elem())
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return false
	default:
		return true
	}
}

// What a stream does for an event allocates nothing.
func TestIndexAllocatesNothing(t *testing.T) {
	x, keys := filled(3000, 10)
	n := 0
	if got := testing.AllocsPerRun(3000, func() {
		namespace, name, uid := keys[n%len(keys)].split()
		e, ok := x.Get(namespace, name)
		if !ok || !e.HasUID(uid) || e.HasRV("2") || len(e.Words()) != 1 {
			t.Fatal("not there")
		}
		x.Remove(e)
		e = x.Put(namespace, name, uid, "12345678901")
		e.SetSeen()
		n++
	}); got > 0 {
		t.Errorf("%v allocations", got)
	}
}
