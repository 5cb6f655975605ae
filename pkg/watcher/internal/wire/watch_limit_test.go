package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// endless is a stream that never ends its first frame, and counts what was taken of it.
type endless struct {
	head io.Reader
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	n, err := e.head.Read(p)
	if errors.Is(err, io.EOF) {
		for n = range p {
			p[n] = 'x'
		}
		n, err = len(p), nil
	}
	e.read += n
	return n, err
}

func TestWatchRefusesLargeFrames(t *testing.T) {
	const limit = 1 << 20
	heads := map[string]string{
		typeJSON + " object":  `{"type":"ADDED","object":{"metadata":{"name":"`,
		typeJSON + " type":    `{"type":"`,
		typeJSON + " field":   `{"unknown":"`,
		typeJSON + " text":    `"`,
		watchPB + " announce": string(binary.BigEndian.AppendUint32(nil, limit+1)),
		watchPB + " largest":  "\xff\xff\xff\xff",
	}
	for name, head := range heads {
		in := &endless{head: strings.NewReader(head)}
		contentType := name[:strings.LastIndex(name, " ")]
		_, bad, end := drain(t, newWatch(t, contentType, in, ReaderOptions{MaxFrame: limit}))
		var large *FrameTooLargeError
		if !errors.As(end, &large) || large.Limit != limit || len(bad) > 0 {
			t.Errorf("%s: %v, %v", name, end, bad)
		}
		if in.read > limit+64<<10 {
			t.Errorf("%s: %d bytes were read before it was refused", name, in.read)
		}
	}
}

// The limit is for one frame, not for the stream, and a frame just below it passes.
func TestWatchLimitIsForOneFrame(t *testing.T) {
	for encoding, f := range forms {
		t.Run(encoding, func(t *testing.T) {
			one := f.event(t, "ADDED", f.pod(t, "a"))
			stream := bytes.Repeat(one, 20)
			good, bad, end := drain(t, newWatch(t, f.contentType, bytes.NewReader(stream), ReaderOptions{MaxFrame: len(one)}))
			if !errors.Is(end, io.EOF) || len(bad) > 0 || len(good) != 20 {
				t.Errorf("%d frames, %v, %v", len(good), bad, end)
			}
			good, _, end = drain(t, newWatch(t, f.contentType, bytes.NewReader(stream), ReaderOptions{MaxFrame: len(one) - 6}))
			var large *FrameTooLargeError
			if len(good) != 0 || !errors.As(end, &large) {
				t.Errorf("%d frames over the limit, %v", len(good), end)
			}
		})
	}
}

// The default limit holds too, and refusing costs about as much memory as the limit allows.
func TestDefaultLimit(t *testing.T) {
	in := &endless{head: strings.NewReader(`{"type":"ADDED","object":"`)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, end := drain(t, newWatch(t, typeJSON, in, ReaderOptions{}))
	runtime.ReadMemStats(&after)
	var large *FrameTooLargeError
	if !errors.As(end, &large) || in.read > DefaultMaxFrame+1<<16 {
		t.Errorf("%v after %d bytes", end, in.read)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 6*DefaultMaxFrame {
		t.Errorf("%d bytes were allocated to refuse it", got)
	}
}

// A length alone does not make the reader allocate what it announces.
func TestWatchProtobufAllocatesAsItReads(t *testing.T) {
	head := binary.BigEndian.AppendUint32(nil, DefaultMaxFrame)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, end := drain(t, newWatch(t, watchPB, bytes.NewReader(head), ReaderOptions{}))
	runtime.ReadMemStats(&after)
	if !errors.Is(end, io.ErrUnexpectedEOF) {
		t.Fatal(end)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 2*readChunk {
		t.Errorf("%d bytes were allocated for a length", got)
	}
}

func TestWatchProtobufLargeFrame(t *testing.T) {
	big := pod("big")
	big.Annotations["large"] = strings.Repeat("x", 3*readChunk+5)
	raw := enveloped(t, "Pod", big)
	good, bad, end := drain(t, newWatch(t, watchPB, bytes.NewReader(eventPB(t, "ADDED", raw)), ReaderOptions{}))
	if !errors.Is(end, io.EOF) || len(bad) > 0 || len(good) != 1 || !bytes.Equal(good[0].Raw, raw) {
		t.Errorf("%d frames, %v, %v", len(good), bad, end)
	}
}

func TestWatchProtobufEvents(t *testing.T) {
	object := append([]byte("k8s\x00"), pb{}.text(2, string(pb{}.text(1, string(pb{}.text(metaName, "a")))))...)
	ext := string(pb{}.text(1, string(object)))
	for _, c := range []struct {
		name string
		in   pb
		want string // type and name, or bad
	}{
		{"object first", pb{}.text(2, ext).text(1, "ADDED"), "ADDED a"},
		{"unknown fields", pb{}.number(9, 1).text(1, "ADDED").fixed(8).text(2, string(pb{}.number(7, 1))+ext).group(3), "ADDED a"},
		{"repeated: the last", pb{}.text(1, "DELETED").text(1, "ADDED").text(2, string(pb{}.text(1, "x"))).text(2, ext), "ADDED a"},
		{"empty", pb{}, "UNKNOWN "},
		{"no object", pb{}.text(1, "ADDED"), "bad ADDED "},
		{"empty object", pb{}.text(1, "ADDED").text(2, ""), "bad ADDED "},
		{"type a number", pb{}.number(1, 1).text(2, ext), "bad UNKNOWN a"},
		{"object a number", pb{}.text(1, "ADDED").number(2, 1), "bad ADDED "},
		{"raw a number", pb{}.text(1, "ADDED").text(2, string(pb{}.number(1, 1))), "bad ADDED "},
		{"malformed at the end", append(pb{}.text(1, "ADDED").text(2, ext), 0x12, 0x7f), "bad ADDED a"},
		{"malformed error", append(pb{}.text(1, "ERROR").text(2, ext), 0x12, 0x7f), "bad ERROR "},
	} {
		stream := append(binary.BigEndian.AppendUint32(nil, uint32(len(c.in))), c.in...)
		stream = append(stream, eventPB(t, "ADDED", enveloped(t, "Pod", pod("next")))...)
		r := newWatch(t, watchPB, bytes.NewReader(stream), ReaderOptions{})
		f, err := r.Next()
		var got string
		if bad, ok := errors.AsType[*BadFrameError](err); ok {
			got = fmt.Sprintf("bad %s %s", bad.Type, bad.Meta.Name)
		} else if err != nil || f.Encoding != kind.Protobuf {
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
