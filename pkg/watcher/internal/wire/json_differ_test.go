package wire

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// errReset is what reading fails with in these tests.
var errReset = errors.New("connection reset")

// chunked are ways in which bytes arrive; the last of them ends in an error.
var chunked = []func(in []byte) io.Reader{
	func(in []byte) io.Reader { return bytes.NewReader(in) },
	func(in []byte) io.Reader { return iotest.OneByteReader(bytes.NewReader(in)) },
	func(in []byte) io.Reader { return iotest.HalfReader(bytes.NewReader(in)) },
	func(in []byte) io.Reader { return iotest.DataErrReader(bytes.NewReader(in)) },
	func(in []byte) io.Reader { return &pieces{in: in, size: 61} },
	func(in []byte) io.Reader { return io.MultiReader(bytes.NewReader(in), iotest.ErrReader(errReset)) },
}

// pieces is a reader of so many bytes at once, with nothing now and then.
type pieces struct {
	in   []byte
	size int
	idle bool
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.idle = !p.idle; p.idle {
		return 0, nil
	}
	if len(p.in) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.in[:min(p.size, len(p.in))])
	p.in = p.in[n:]
	return n, nil
}

// outcome is all that a reader said.
type outcome struct {
	frames []*Frame // of a bad frame Encoding is 0, and the only label says why
	list   ListMeta
	end    string
}

func outcomeOf(t *testing.T, r WatchReader, limit int) (o outcome) {
	t.Helper()
	for range limit {
		f, err := r.Next()
		bad, isBad := errors.AsType[*BadFrameError](err)
		switch {
		case isBad:
			o.frames = append(o.frames, &Frame{Type: bad.Type, Meta: Meta{Name: bad.Meta.Name, Namespace: bad.Meta.Namespace, Labels: Pairs{{"why", bad.Error()}}}})
		case err != nil:
			o.end = endOf(err)
			if l, ok := r.(ListReader); ok {
				o.list = l.Meta()
			}
			return o
		default:
			o.frames = append(o.frames, &Frame{Type: f.Type, Meta: f.Meta.Clone(), Raw: bytes.Clone(f.Raw), Encoding: f.Encoding})
			f.Release() // the next may be in the same memory
		}
	}
	t.Fatal("the reader does not end")
	return o
}

func endOf(err error) string {
	switch {
	case errors.Is(err, errReset):
		return "reset"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "cut"
	case errors.Is(err, io.EOF):
		return "end"
	case errors.As(err, new(*FrameTooLargeError)):
		return "too large"
	case errors.As(err, new(*CorruptError)):
		return "corrupt"
	}
	return err.Error()
}

// sameFrames compares frames; shape, if any, is emptied of what is of no interest.
func sameFrames(a, b []*Frame, shape *loosely) bool {
	return slices.EqualFunc(a, b, func(a, b *Frame) bool {
		raw := a.Raw
		if shape != nil {
			raw = mended(raw, shape)
		}
		return a.Type == b.Type && a.Encoding == b.Encoding && same(a.Meta, b.Meta) && bytes.Equal(raw, b.Raw)
	})
}

// checkSame holds a reader to the slow code. It may say something else only because of what is in objects and arrays
// of no interest: then it says what the slow code says without that, up to a frame that it left to the slow code.
func checkSame(t *testing.T, in []byte, shape *loosely, lean func() WatchReader, slow func(in []byte) WatchReader) {
	t.Helper()
	limit := len(in) + 2
	got, want := outcomeOf(t, lean(), limit), outcomeOf(t, slow(in), limit)
	if sameFrames(got.frames, want.frames, nil) && got.end == want.end && (got.list == want.list || got.end != "end") {
		return
	}
	if want.end != "corrupt" || len(got.frames) < len(want.frames) {
		t.Fatalf("%s\nlean %+v\nslow %+v", in, got, want)
	}
	loose := outcomeOf(t, slow(mended(in, shape)), limit)
	if got.end == "corrupt" && len(loose.frames) >= len(got.frames) {
		loose.frames, loose.end = loose.frames[:len(got.frames)], got.end
	}
	if !sameFrames(got.frames, loose.frames, looseObject) || got.end != loose.end || got.list != loose.list && got.end == "end" {
		t.Fatalf("%s\nlean    %+v\nslow    %+v\nloosely %+v", in, got, want, loose)
	}
}

// options takes the settings of a reader, and how the bytes arrive, from two numbers.
func options(how uint8, limit uint16) (o ReaderOptions, arrive func(in []byte) io.Reader) {
	if limit > 0 {
		o.MaxFrame = int(limit)
	}
	o.CutManagedFields = how&0x80 != 0
	return o, chunked[int(how&0x7f)%len(chunked)]
}

func FuzzWatchJSONDiffers(f *testing.F) {
	for i, s := range slices.Concat(eventSeeds(f), grammarSeeds) {
		f.Add([]byte(s), uint8(i), uint16(0))
		f.Add([]byte(s), uint8(i)|0x80, uint16(1+len(s)/2))
	}
	f.Fuzz(func(t *testing.T, in []byte, how uint8, limit uint16) {
		o, arrive := options(how, limit)
		checkSame(t, in, looseEvent, func() WatchReader { return newJSONWatch(newMeter(arrive(in), o)) },
			func(in []byte) WatchReader { return newSlowWatch(newMeter(arrive(in), o)) })
	})
}

func FuzzListJSONDiffers(f *testing.F) {
	for i, s := range slices.Concat(listSeeds(f), grammarSeeds) {
		f.Add([]byte(s), uint8(i), uint16(0))
		f.Add([]byte(s), uint8(i)|0x80, uint16(1+len(s)/2))
	}
	f.Fuzz(func(t *testing.T, in []byte, how uint8, limit uint16) {
		o, arrive := options(how, limit)
		checkSame(t, in, looseList, func() WatchReader { return newJSONList(newMeter(arrive(in), o)) },
			func(in []byte) WatchReader { return newSlowList(newMeter(arrive(in), o)) })
	})
}

func FuzzScanJSONDiffers(f *testing.F) {
	for _, s := range slices.Concat(objectSeeds(f), grammarSeeds) {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		before := bytes.Clone(in)
		got := Meta{Name: "left over", Labels: Pairs{{"left", "over"}}, Owners: []Owner{{Controller: true}}}
		var want Meta
		err, wantErr := ScanJSON(in, &got), slowScanJSON(in, &want)
		if err == nil && wantErr != nil {
			wantErr = slowScanJSON(mended(in, looseObject), &want)
		}
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() || !same(got, want) {
			t.Fatalf("%s\nlean %+v, %v\nslow %+v, %v", in, got, err, want, wantErr)
		}
		if !bytes.Equal(in, before) {
			t.Fatal("the scan changed its input")
		}
		_ = CutManagedFields(in, kind.JSON)
	})
}
