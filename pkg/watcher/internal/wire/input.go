package wire

import (
	"errors"
	"io"
	"sync"
)

const (
	// idleRead is how much an input holds while nothing much comes.
	idleRead = 512
	// busyRead is how much it reads at once while much comes.
	busyRead = 32 << 10
)

// chunks are what inputs read into while much comes.
var chunks = sync.Pool{New: func() any { return new([busyRead]byte) }}

// input buffers what is read, with a large buffer only while that is of use: most streams are quiet for most of
// their lives.
type input struct {
	r      io.Reader
	small  [idleRead]byte
	chunk  *[busyRead]byte // nil: small is in use
	buffer []byte          // what was read and not yet taken
	last   int             // bytes of the last read
	err    error           // of the last read, once buffer is empty
}

func newInput(r io.Reader) *input { return &input{r: r} }

// maxEmptyReads is how often a reader may return neither bytes nor an error, as in package bufio.
const maxEmptyReads = 100

// fill reads once, when buffer is empty.
func (in *input) fill() error {
	if in.err != nil {
		in.drop()
		return in.err
	}
	space := in.space()
	for range maxEmptyReads {
		n, err := in.r.Read(space)
		in.buffer, in.last, in.err = space[:n], n, err
		if n > 0 {
			return nil
		}
		if err != nil {
			in.drop()
			return err
		}
	}
	in.err = io.ErrNoProgress
	return in.err
}

// space is where to read to. What filled a good part of it the last time is likely to go on.
func (in *input) space() []byte {
	switch {
	case in.chunk == nil && in.last == idleRead:
		in.chunk, _ = chunks.Get().(*[busyRead]byte)
	case in.chunk != nil && in.last < busyRead/4:
		in.drop()
	}
	if in.chunk == nil {
		return in.small[:]
	}
	return in.chunk[:]
}

// drop gives the large buffer back.
func (in *input) drop() {
	if in.chunk != nil {
		chunks.Put(in.chunk)
		in.chunk = nil
	}
}

// ReadByte implements io.ByteReader.
func (in *input) ReadByte() (byte, error) {
	if len(in.buffer) == 0 {
		if err := in.fill(); err != nil {
			return 0, err
		}
	}
	b := in.buffer[0]
	in.buffer = in.buffer[1:]
	return b, nil
}

// ended says whether there is nothing more to be read. Any other error shows when it is read.
func (in *input) ended() bool {
	return len(in.buffer) == 0 && errors.Is(in.fill(), io.EOF)
}

// readFull fills p. It returns how many bytes came, and as an error what ended the reading, as it is.
func (in *input) readFull(p []byte) (n int, err error) {
	for {
		c := copy(p[n:], in.buffer)
		in.buffer, n = in.buffer[c:], n+c
		if n == len(p) {
			return n, nil
		}
		if len(p)-n >= busyRead && in.err == nil { // what is large needs no stop on its way
			c, err := io.ReadFull(in.r, p[n:len(p)-busyRead/2])
			n += c
			if err != nil {
				in.err = err
				in.drop()
				return n, err
			}
			continue
		}
		if err := in.fill(); err != nil {
			return n, err
		}
	}
}

// discard passes over n bytes.
func (in *input) discard(n int) error {
	for {
		c := min(n, len(in.buffer))
		in.buffer, n = in.buffer[c:], n-c
		if n == 0 {
			return nil
		}
		if err := in.fill(); err != nil {
			return err
		}
	}
}
