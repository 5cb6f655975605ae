package wire

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// scripted returns its bytes in reads of given sizes.
type scripted struct {
	left  []byte
	sizes []int
	space []int // that was offered
}

func (s *scripted) Read(p []byte) (int, error) {
	s.space = append(s.space, len(p))
	if len(s.left) == 0 {
		return 0, io.EOF
	}
	n := len(s.left)
	if len(s.sizes) > 0 {
		n, s.sizes = s.sizes[0], s.sizes[1:]
	}
	n = copy(p[:min(n, len(p))], s.left)
	s.left = s.left[n:]
	return n, nil
}

// Whatever a reader brings at a time, and however it is taken, the bytes are the same.
func TestInput(t *testing.T) {
	all := make([]byte, 3*busyRead)
	for i := range all {
		all[i] = byte(i * 7 >> 3)
	}
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(1, 2*busyRead)), 0, 20).Draw(t, "reads")
		in, at := newInput(&scripted{left: all, sizes: sizes}), 0
		for at < len(all) {
			n := min(rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(1, 2*busyRead)).Draw(t, "take"), len(all)-at)
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				if err := in.discard(n); err != nil {
					t.Fatal(err)
				}
			case 1:
				n = 1
				if b, err := in.ReadByte(); err != nil || b != all[at] {
					t.Fatalf("byte %d: %d, %v", at, b, err)
				}
			default:
				p := make([]byte, n)
				if got, err := in.readFull(p); err != nil || got != n || !bytes.Equal(p, all[at:at+n]) {
					t.Fatalf("%d bytes from %d on: %d, %v", n, at, got, err)
				}
			}
			at += n
		}
		for range 2 {
			if !in.ended() {
				t.Error("it does not end")
			}
		}
		if in.chunk != nil {
			t.Error("the large buffer is kept after the end")
		}
	})
}

// A large buffer is in use while much comes, and is given back when it goes quiet.
func TestInputAtRest(t *testing.T) {
	s := &scripted{left: make([]byte, 4*busyRead), sizes: []int{100, idleRead, busyRead, busyRead / 2, 200, 300}}
	in := newInput(s)
	for len(s.sizes) > 0 {
		if err := in.fill(); err != nil {
			t.Fatal(err)
		}
		in.buffer = nil
	}
	want := []int{idleRead, idleRead, busyRead, busyRead, busyRead, idleRead}
	for i := range want {
		if s.space[i] != want[i] {
			t.Fatalf("reads of %v, want %v", s.space, want)
		}
	}
	if in.chunk != nil {
		t.Error("the large buffer is kept while nothing much comes")
	}
}

func TestInputErrors(t *testing.T) {
	broken := errors.New("broken")
	in := newInput(io.MultiReader(bytes.NewReader(make([]byte, 10)), iotest.ErrReader(broken)))
	if n, err := in.readFull(make([]byte, 11)); n != 10 || !errors.Is(err, broken) {
		t.Errorf("%d, %v", n, err)
	}
	if err := in.discard(1); !errors.Is(err, broken) || in.ended() {
		t.Error("the error does not last", err)
	}
	in = newInput(io.MultiReader(bytes.NewReader(make([]byte, 2*busyRead)), iotest.ErrReader(broken)))
	if n, err := in.readFull(make([]byte, 4*busyRead)); n != 2*busyRead || !errors.Is(err, broken) {
		t.Errorf("%d, %v", n, err)
	}
	in = newInput(&scripted{left: make([]byte, 1), sizes: make([]int, 2*maxEmptyReads)})
	if _, err := in.ReadByte(); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
}
