package wire

import (
	"math/bits"
	"sync"

	"github.com/ancho-dev/ancho/internal/poison"
)

// Buffers come in sizes of powers of two and the halves between them, so that at most a third of one is not used.
// Larger ones are allocated as they are needed, and left to the collector.
const (
	smallestBuffer = 1 << 10
	largestBuffer  = 1 << 20

	bufferClasses = 21
	noClass       = bufferClasses // of a frame without a buffer of a pool
)

// frames are frames that were released, with their buffers, by class. The collector empties a sync.Pool over two
// cycles, so that memory which is not used is given back.
var frames [bufferClasses + 1]sync.Pool

// newBuffer returns a frame without content, and size bytes for it.
func newBuffer(size int) (f *Frame, buffer []byte) {
	class, capacity := bufferClass(size)
	f = frameOf(class)
	if f.buffer == nil {
		f.buffer = make([]byte, capacity)
	}
	return f, f.buffer[:size:size]
}

// frameOf returns a frame without content; it has a buffer if it was used before, and the class has buffers.
func frameOf(class int) *Frame {
	f, ok := frames[class].Get().(*Frame)
	if !ok {
		return &Frame{class: class}
	}
	f.refs.Store(0)
	return f
}

// bufferClass says which class holds so many bytes, and how many its buffers hold.
func bufferClass(size int) (class, capacity int) {
	switch {
	case size <= smallestBuffer:
		return 0, smallestBuffer
	case size > largestBuffer:
		return noClass, size
	}
	power := bits.Len(uint(size - 1)) // the least with size <= 1<<power
	class = 2 * (power - bits.Len(smallestBuffer))
	if half := 3 << (power - 2); size <= half {
		return class + 1, half
	}
	return class + 2, 1 << power
}

// recycle puts the frame into its pool.
func (f *Frame) recycle() {
	if f.buffer == nil {
		return // made by hand
	}
	poison.Fill(f.buffer)
	f.Type, f.Raw, f.Encoding, f.Cut = Unknown, nil, 0, false
	f.Meta.reset()
	if f.class == noClass {
		f.buffer = nil
	}
	frames[f.class].Put(f)
}
