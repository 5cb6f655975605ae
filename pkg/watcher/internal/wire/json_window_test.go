package wire

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// What an API server writes is read without the slow code, however it arrives, and the memory of it is used again.
func TestJSONIsReadLean(t *testing.T) {
	for name, raw := range measured(t) {
		for i, arrive := range chunked {
			w := newJSONWatch(newMeter(arrive(bytes.Repeat(eventJSON(t, "ADDED", raw), 3)), ReaderOptions{}))
			for range 3 {
				f, err := w.Next()
				if err != nil || w.slow != nil || !bytes.Equal(f.Raw, raw) {
					t.Fatalf("%s arriving in way %d: %v, slow: %v", name, i, err, w.slow != nil)
				}
				f.Release()
			}
			page := slices.Concat([]byte(`{"kind":"XList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[`), raw, []byte(`,`), raw, []byte("]}\n"))
			l := newJSONList(newMeter(arrive(page), ReaderOptions{}))
			for range 2 {
				f, err := l.Next()
				if err != nil || l.slow != nil || !bytes.Equal(f.Raw, raw) {
					t.Fatalf("%s listed, arriving in way %d: %v, slow: %v", name, i, err, l.slow != nil)
				}
				f.Release()
			}
		}
		var m Meta
		if n := testing.AllocsPerRun(100, func() { _ = ScanJSON(raw, &m) }); n > 1 { // an annotation with escapes
			t.Errorf("%s: scanning it allocates %v times", name, n)
		}
	}
}

// One odd event does not make the rest of the watch slow.
func TestJSONOddFrameIsReadAlone(t *testing.T) {
	const odd, next = `{"metadata":{"name":"odd","labels":null}}`, `{"metadata":{"name":"next"}}`
	w := newJSONWatch(newMeter(iotest.OneByteReader(strings.NewReader(`{"type":"ADDED","object":`+odd+`}{"type":"ADDED","object":`+next+`}`)), ReaderOptions{}))
	l := newJSONList(newMeter(iotest.OneByteReader(strings.NewReader(`{"kind":"XList","items":[`+odd+`,`+next+`]}`)), ReaderOptions{}))
	for _, want := range []string{"odd", "next"} {
		f, err := w.Next()
		if err != nil || f.Meta.Name != want || w.slow != nil {
			t.Errorf("watch: %v, slow: %v", err, w.slow != nil)
		}
		if f, err = l.Next(); err != nil || f.Meta.Name != want || l.slow != nil {
			t.Errorf("list: %v, slow: %v", err, l.slow != nil)
		}
	}
}

// A window grows with what has to be in it, and is small again when not much comes.
func TestJSONWindow(t *testing.T) {
	event := func(size int) string {
		return `{"type":"ADDED","object":{"metadata":{"name":"a"},"x":["` + strings.Repeat("x", size) + `"]}}`
	}
	r, in := io.Pipe()
	w := newJSONWatch(newMeter(r, ReaderOptions{}))
	read := func(size int) int {
		t.Helper()
		go func() { _, _ = io.WriteString(in, event(size)) }()
		f, err := w.Next()
		if err != nil || w.slow != nil || len(f.Raw) < size {
			t.Fatalf("%d: %v", size, err)
		}
		return len(w.win.buf)
	}
	if got := read(100); got != smallWindow {
		t.Errorf("%d bytes for little", got)
	}
	if got := read(3 << 20); got < 3<<20 || got > 12<<20 {
		t.Errorf("%d bytes for 3 MiB", got)
	}
	if got := read(100); got > largeWindow {
		t.Errorf("%d bytes behind a large event", got)
	}
	for range 20 {
		read(100)
	}
	if got := read(100); got != smallWindow {
		t.Errorf("%d bytes when not much comes", got)
	}
	_ = in.Close()
	if _, err := w.Next(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}

	// While much comes, much is read at once.
	w = newJSONWatch(newMeter(&again{in: bytes.Repeat([]byte(event(3000)), 100)}, ReaderOptions{}))
	for range 100 {
		if _, err := w.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(w.win.buf); got != largeWindow {
		t.Errorf("%d bytes when much comes", got)
	}
}

// What was passed over is not looked at again when more bytes have come: a walk that is told where a value ends
// believes it.
func TestJSONPassed(t *testing.T) {
	large := `[` + strings.Repeat(`"x",`, jsonLarge) + `1]`
	b := []byte(` ` + large + ` [1,2`)
	var p jsonPassed
	if got := p.value(b, 1); got != 1+len(large) {
		t.Fatal(got)
	}
	if got := p.value(b, 2+len(large)); got != jsonMore {
		t.Fatal(got)
	}
	b[2] = '}' // it would be odd, were it looked at
	if got := p.value(b, 1); got != 1+len(large) {
		t.Errorf("the large value was looked at again: %d", got)
	}
	b = append(b, `,3]`...)
	if got := p.value(b, 2+len(large)); got != len(b) {
		t.Errorf("the value that was cut ends at %d of %d", got, len(b))
	}
	p.reset()
	if got := p.value(b, 1); got != jsonOdd {
		t.Errorf("after a reset: %d", got)
	}
}
