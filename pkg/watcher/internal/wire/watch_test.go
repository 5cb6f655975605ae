package wire

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// form is one way in which a server writes events.
type form struct {
	contentType string
	encoding    kind.Encoding
	event       func(tb testing.TB, typ string, object []byte) []byte
	pod         func(tb testing.TB, name string) []byte
}

var forms = map[string]form{
	"JSON": {typeJSON, kind.JSON, eventJSON, func(tb testing.TB, name string) []byte {
		tb.Helper()
		return toJSON(tb, pod(name))
	}},
	"protobuf": {watchPB, kind.Protobuf, eventPB, func(tb testing.TB, name string) []byte {
		tb.Helper()
		return enveloped(tb, "Pod", pod(name))
	}},
	"CBOR": {typeCBORSeq, kind.CBOR, eventCBOR, func(tb testing.TB, name string) []byte {
		tb.Helper()
		return toCBOR(tb, pod(name))
	}},
}

// text is an object of the form from its JSON; not of protobuf, which needs to know the type.
func (f form) text(tb testing.TB, object string) []byte {
	tb.Helper()
	if f.encoding == kind.CBOR {
		return cborOf(tb, object)
	}
	return []byte(object)
}

func TestWatchReadsEvents(t *testing.T) {
	for encoding, f := range forms {
		t.Run(encoding, func(t *testing.T) {
			types := []string{"ADDED", "MODIFIED", "DELETED", "BOOKMARK"}
			var stream []byte
			for _, typ := range types {
				stream = append(stream, f.event(t, typ, f.pod(t, "web"))...)
			}
			for name, in := range map[string]io.Reader{
				"at once":      bytes.NewReader(stream),
				"byte by byte": iotest.OneByteReader(bytes.NewReader(stream)),
				"in halves":    iotest.HalfReader(bytes.NewReader(stream)),
				"end with it":  iotest.DataErrReader(bytes.NewReader(stream)),
			} {
				bytesRead := 0
				good, bad, end := drain(t, newWatch(t, f.contentType, in, ReaderOptions{Bytes: func(n int) { bytesRead += n }}))
				if !errors.Is(end, io.EOF) || len(bad) > 0 || len(good) != len(types) {
					t.Fatalf("%s: %d frames, %v, %v", name, len(good), bad, end)
				}
				if bytesRead != len(stream) {
					t.Errorf("%s: %d bytes counted of %d", name, bytesRead, len(stream))
				}
				for i, got := range good {
					if got.Type != EventType(i+1) || got.Encoding != f.encoding || !bytes.Equal(got.Raw, f.pod(t, "web")) ||
						!same(got.Meta, podMeta("web")) {
						t.Errorf("%s: frame %d: %s %+v", name, i, got.Type, got.Meta)
					}
				}
			}
		})
	}
}

// The stream may end at every byte: whole events are delivered, and only between two events the end is clean.
func TestWatchCutAnywhere(t *testing.T) {
	for encoding, f := range forms {
		t.Run(encoding, func(t *testing.T) {
			one := bytes.TrimSuffix(f.event(t, "ADDED", f.pod(t, "a")), []byte("\n"))
			stream := append(slices.Clone(one), f.event(t, "ADDED", f.pod(t, "b"))...)
			whole := len(bytes.TrimSuffix(stream, []byte("\n")))
			for cut := range len(stream) + 1 {
				good, bad, end := drain(t, newWatch(t, f.contentType, bytes.NewReader(stream[:cut]), ReaderOptions{}))
				want, clean := 0, cut == 0
				if cut >= len(one) {
					want, clean = 1, cut == len(one)
				}
				if cut >= whole {
					want, clean = 2, true
				}
				if len(good) != want || len(bad) > 0 {
					t.Fatalf("cut at %d of %d: %d frames, want %d; %v", cut, len(stream), len(good), want, bad)
				}
				if clean && !errors.Is(end, io.EOF) || !clean && (!errors.Is(end, io.ErrUnexpectedEOF) || errors.Is(end, io.EOF)) {
					t.Fatalf("cut at %d of %d: %v; clean: %v", cut, len(stream), end, clean)
				}
			}
		})
	}
}

// An event is handed out when its last byte is there: it does not wait for the next.
func TestWatchDoesNotWaitForMore(t *testing.T) {
	for encoding, f := range forms {
		t.Run(encoding, func(t *testing.T) {
			r, w := io.Pipe()
			defer r.Close()
			watch := newWatch(t, f.contentType, r, ReaderOptions{})
			for _, name := range []string{"a", "b"} {
				event := bytes.TrimSuffix(f.event(t, "ADDED", f.pod(t, name)), []byte("\n"))
				go func() { _, _ = w.Write(event) }()
				got, err := watch.Next() // hangs, were it to read on
				if err != nil || got.Meta.Name != name {
					t.Fatalf("%q, %v; want %q", got.Meta.Name, err, name)
				}
			}
		})
	}
}

func TestWatchReadError(t *testing.T) {
	for encoding, f := range forms {
		t.Run(encoding, func(t *testing.T) {
			reset := errors.New("connection reset")
			event := f.event(t, "ADDED", f.pod(t, "a"))
			for _, cut := range []int{0, 2, len(event) / 2, len(event)} {
				in := io.MultiReader(bytes.NewReader(event[:cut]), iotest.ErrReader(reset))
				good, _, end := drain(t, newWatch(t, f.contentType, in, ReaderOptions{}))
				if !errors.Is(end, reset) {
					t.Errorf("cut at %d: %v, want the reader's error", cut, end)
				}
				if (len(good) == 1) != (cut == len(event)) {
					t.Errorf("cut at %d: %d frames", cut, len(good))
				}
			}
		})
	}
}

func TestWatchSkipsBadFrames(t *testing.T) {
	for encoding, f := range forms {
		t.Run(encoding, func(t *testing.T) {
			var stream []byte
			add := func(typ string, object []byte) { stream = append(stream, f.event(t, typ, object)...) }
			add("ADDED", f.pod(t, "a"))
			if f.encoding != kind.Protobuf {
				add("ADDED", f.text(t, `{"spec":{}}`))
				add("MODIFIED", f.text(t, `{"metadata":"SECRET"}`))
				add("MODIFIED", f.text(t, `{"metadata":{"labels":"SECRET","name":"bad","namespace":"demo"}}`))
				add("DELETED", f.text(t, `{"metadata":{"namespace":"demo"}}`))
				add("BOOKMARK", f.text(t, `["SECRET"]`))
				add("ADDED", f.text(t, `null`))
			} else {
				object := func(b pb) []byte { return append([]byte("k8s\x00"), pb{}.text(2, string(b))...) }
				add("ADDED", object(pb{}.text(2, "SECRET")))
				add("MODIFIED", []byte("SECRET"))
				add("MODIFIED", object(pb{}.text(1, string(pb{}.text(metaName, "bad").text(metaNamespace, "demo").number(metaLabels, 1)))))
				add("DELETED", object(pb{}.text(1, string(pb{}.text(metaNamespace, "demo")))))
				add("BOOKMARK", object(pb{}.number(1, 7)))
				add("ADDED", nil)
			}
			add("ADDED", f.pod(t, "z"))
			good, bad, end := drain(t, newWatch(t, f.contentType, bytes.NewReader(stream), ReaderOptions{}))
			if !errors.Is(end, io.EOF) || !slices.Equal(names(good), []string{"ADDED a", "ADDED z"}) {
				t.Fatalf("%v, %v", names(good), end)
			}
			got := []string{}
			for _, b := range bad {
				got = append(got, b.Type.String()+" "+b.Meta.Key())
				checkError(t, b, "malformed")
			}
			if want := []string{"ADDED ", "MODIFIED ", "MODIFIED demo/bad", "DELETED demo/", "BOOKMARK ", "ADDED "}; !slices.Equal(got, want) {
				t.Errorf("bad frames %q, want %q", got, want)
			}
			if text := bad[2].Error(); !strings.Contains(text, "demo/bad") || !strings.Contains(text, "metadata.labels") {
				t.Errorf("the error does not say which object and what of it: %s", text)
			}
			if !errors.Is(bad[0], errNoMetadata) || !errors.Is(bad[5], errNoObject) || !errors.Is(bad[3], errNoName) {
				t.Errorf("causes: %v, %v, %v", bad[0], bad[5], bad[3])
			}
		})
	}
}

func TestWatchSpecialEvents(t *testing.T) {
	for encoding, f := range forms {
		t.Run(encoding, func(t *testing.T) {
			status, bookmark, odd := f.text(t, statusJSON), f.text(t, `{"metadata":{"resourceVersion":"9"}}`), f.text(t, `{"x":1}`)
			if f.encoding == kind.Protobuf {
				status = enveloped(t, "Status", expired())
				bookmark = append([]byte("k8s\x00"), pb{}.text(2, string(pb{}.text(1, string(pb{}.text(metaResourceVersion, "9")))))...)
				odd = []byte("not even an envelope")
			}
			stream := slices.Concat(f.event(t, "BOOKMARK", bookmark), f.event(t, "NEWER", odd), f.event(t, "added", odd), f.event(t, "ERROR", status), f.event(t, "ADDED", f.pod(t, "a")))
			good, bad, end := drain(t, newWatch(t, f.contentType, bytes.NewReader(stream), ReaderOptions{}))
			if !errors.Is(end, io.EOF) || len(bad) > 0 || len(good) != 5 {
				t.Fatalf("%v, %v, %v", names(good), bad, end)
			}
			if got := good[0]; got.Type != Bookmark || got.Meta.ResourceVersion != "9" {
				t.Errorf("bookmark: %s %+v", got.Type, got.Meta)
			}
			if good[1].Type != Unknown || good[2].Type != Unknown {
				t.Errorf("types that do not exist: %s, %s", good[1].Type, good[2].Type)
			}
			if got := good[3]; got.Type != Error || !same(got.Meta, Meta{}) || FrameStatus(got).Code != 410 {
				t.Errorf("error: %s %+v %+v", got.Type, got.Meta, FrameStatus(got))
			}
		})
	}
}

// What was handed out stays as it is while more is read.
func TestWatchFramesAreTheirOwn(t *testing.T) {
	for encoding, f := range forms {
		t.Run(encoding, func(t *testing.T) {
			var stream []byte
			for range 50 {
				stream = append(stream, f.event(t, "ADDED", f.pod(t, "first"))...)
				stream = append(stream, f.event(t, "ADDED", f.pod(t, "other"))...)
			}
			good, _, _ := drain(t, newWatch(t, f.contentType, bytes.NewReader(stream), ReaderOptions{}))
			first := f.pod(t, "first")
			for i := 0; i < len(good); i += 2 {
				if !bytes.Equal(good[i].Raw, first) {
					t.Fatalf("frame %d was overwritten", i)
				}
				if f.encoding != kind.JSON && cap(good[i].Raw) > len(good[i].Raw) {
					t.Fatalf("frame %d reaches into the event behind it", i)
				}
			}
		})
	}
}
