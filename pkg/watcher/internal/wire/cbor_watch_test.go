package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestWatchCBOREvents(t *testing.T) {
	const (
		typ, object = "44 74797065 ", "46 6f626a656374 "
		added       = "45 4144444544 "
		a           = "a1 48 6d65746164617461 a1 44 6e616d65 41 61 "
	)
	for _, c := range []struct{ name, in, want string }{
		{"type first", "a2" + typ + added + object + a, "ADDED a"},
		{"object first", "a2" + object + a + typ + added, "ADDED a"},
		{"marked twice", "d9d9f7d9d9f7 a2" + object + "d9d9f7d9d9f7" + a + typ + added, "ADDED a"},
		{"text strings", "a2 64 74797065 65 4144444544 66 6f626a656374" + a, "ADDED a"},
		{"no length", "bf" + object + a + typ + added + "ff", "ADDED a"},
		{"type in parts", "a2" + typ + "5f 42 4144 43 444544 ff" + object + a, "ADDED a"},
		{"other fields", "a4 41 78 82 01 02 " + typ + added + "41 79 a0" + object + a, "ADDED a"},
		{"other type", "a2" + typ + "41 58" + object + a, "UNKNOWN "},
		{"no type", "a1" + object + a, "UNKNOWN "},
		{"type null", "a2" + typ + "f6" + object + a, "UNKNOWN "},
		{"empty", "a0", "UNKNOWN "},
		{"no object", "a1" + typ + added, "bad ADDED "},
		{"object null", "a2" + typ + added + object + "f6", "bad ADDED "},
		{"object null, marked", "a2" + typ + added + object + "d9d9f7 f6", "bad ADDED "},
		{"object a number", "a2" + typ + added + object + "07", "bad ADDED "},
		{"type a number", "a2" + typ + "07" + object + a, "bad UNKNOWN a"},
		{"type twice", "a3" + typ + added + object + a + typ + added, "bad ADDED a"},
		{"object twice", "a3" + typ + added + object + a + object + a, "bad ADDED a"},
		{"a key that is a number", "a3 01 02" + typ + added + object + a, "bad ADDED a"},
		{"a number", "07", "bad UNKNOWN "},
		{"null", "f6", "bad UNKNOWN "},
		{"a string", "43 616263", "bad UNKNOWN "},
		{"an array", "82 01 a0", "bad UNKNOWN "},
	} {
		stream := append(unhex(t, c.in), eventCBOR(t, "ADDED", toCBOR(t, pod("next")))...)
		r := newWatch(t, typeCBORSeq, bytes.NewReader(stream), ReaderOptions{})
		var got string
		f, err := r.Next()
		if bad, ok := errors.AsType[*BadFrameError](err); ok {
			got = fmt.Sprintf("bad %s %s", bad.Type, bad.Meta.Name)
		} else if err != nil || f.Encoding != cborEncoding {
			t.Errorf("%s: %+v, %v", c.name, f, err)
			continue
		} else {
			got = f.Type.String() + " " + f.Meta.Name
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if f, err := r.Next(); err != nil || f.Meta.Name != "next" {
			t.Errorf("%s: the next event: %+v, %v", c.name, f, err)
		}
	}
}

// Where the next event begins cannot be told of what is not CBOR.
func TestWatchCBORCorrupt(t *testing.T) {
	for name, in := range map[string]string{
		"a reserved head":         "a1 41 61 1c",
		"a break":                 "ff",
		"a break in an array":     "82 01 ff",
		"a break after a key":     "bf 41 61 ff",
		"a break after a tag":     "9f c1 ff",
		"a part of another type":  "5f 61 61 ff",
		"a part that is in parts": "5f 5f",
		"a tag in a string":       "5f c1 41 61 ff",
		"a simple value":          "f8 00",
		"a number of no length":   "1f",
		"nested too deep":         strings.Repeat("81", maxCBORDepth+1),
		"tagged too often":        strings.Repeat("c6", maxCBORDepth+2),
	} {
		for _, mode := range []func(io.Reader) io.Reader{nil, iotest.OneByteReader} {
			var r io.Reader = bytes.NewReader(unhex(t, in))
			if mode != nil {
				r = mode(r)
			}
			_, bad, end := drain(t, newWatch(t, typeCBORSeq, r, ReaderOptions{}))
			if _, ok := errors.AsType[*CorruptError](end); !ok || len(bad) > 0 {
				t.Errorf("%s: %v, %v", name, end, bad)
			}
		}
	}
}

// An event of any size and shape ends where it ends, however it comes.
func TestWatchCBORSizes(t *testing.T) {
	for _, size := range []int{0, 1, 23, 24, 255, 256, cborWindow - 200, cborWindow, 3*cborWindow + 5, 3*readChunk + 5} {
		p := pod("big")
		p.Annotations["large"] = strings.Repeat("x", size)
		for range size % 300 {
			p.Finalizers = append(p.Finalizers, "f")
		}
		plain := toCBOR(t, p)
		for name, raw := range map[string][]byte{"": plain, "text": textStrings(t, plain), "no length": indefinite(t, plain)} {
			event := slices.Concat(unhex(t, "a2 44 74797065 45 4144444544 46 6f626a656374"), raw)
			stream := slices.Concat(event, event)
			for _, in := range []io.Reader{bytes.NewReader(stream), iotest.HalfReader(bytes.NewReader(stream)), &odd{in: stream}} {
				good, bad, end := drain(t, newWatch(t, typeCBORSeq, in, ReaderOptions{}))
				if !errors.Is(end, io.EOF) || len(bad) > 0 || len(good) != 2 || !bytes.Equal(good[0].Raw, raw) || !bytes.Equal(good[1].Raw, raw) {
					t.Fatalf("%d %s: %d frames, %v, %v", size, name, len(good), bad, end)
				}
			}
		}
	}
}

// odd gives bytes in pieces of sizes that fit nothing.
type odd struct {
	in []byte
	n  int
}

func (o *odd) Read(p []byte) (int, error) {
	if len(o.in) == 0 {
		return 0, io.EOF
	}
	o.n = o.n%997 + 1
	n := copy(p, o.in[:min(o.n, len(o.in))])
	o.in = o.in[n:]
	return n, nil
}

// A length or a count alone does not make the reader allocate what it announces.
func TestCBORAllocatesAsItReads(t *testing.T) {
	for name, head := range map[string]string{
		"string":    "5a 00f00000",
		"array":     "9a 00f00000",
		"map":       "ba 00700000",
		"many tags": strings.Repeat("c6", maxCBORDepth),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, end := drain(t, newWatch(t, typeCBORSeq, bytes.NewReader(unhex(t, head)), ReaderOptions{}))
		runtime.ReadMemStats(&after)
		if !errors.Is(end, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, end)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > readChunk {
			t.Errorf("%s: %d bytes were allocated for a head", name, got)
		}
	}
}

// The reader may be told to leave out managedFields.
func TestWatchCBORCutsManagedFields(t *testing.T) {
	stream := eventCBOR(t, "ADDED", toCBOR(t, pod("web")))
	for cut, want := range map[bool]bool{false: true, true: false} {
		good, _, _ := drain(t, newWatch(t, typeCBORSeq, bytes.NewReader(stream), ReaderOptions{CutManagedFields: cut}))
		if len(good) != 1 || !same(good[0].Meta, podMeta("web")) || bytes.Contains(good[0].Raw, []byte("managedFields")) != want {
			t.Errorf("cut %v: %+v", cut, good)
		}
	}
}
