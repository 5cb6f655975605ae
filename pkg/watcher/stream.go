package watcher

import "github.com/ancho-dev/ancho/pkg/watcher/internal/machine"

type (
	// Stream keeps one target's set of objects known: it reads a snapshot, follows the changes, and goes on
	// through everything a cluster does to a watch. It never gives up before its context ends. Run keeps it going; Target,
	// State, Index and DoContext are its other methods.
	Stream = machine.Stream
	// StreamOptions are the settings of a stream; the zero value of each means its default.
	StreamOptions = machine.Options
	// HandlerPanicError is what Stream.Run panics with if its Handler did on the goroutine that reads.
	HandlerPanicError = machine.HandlerPanicError
)

// ErrStopped is returned by Stream.DoContext when the stream has ended, or ended before the function was run.
var ErrStopped = machine.ErrStopped

// NewStream returns a stream that does nothing yet. Several streams may share a server.
func NewStream(s *Server, t Target, h Handler, o StreamOptions) *Stream {
	return machine.New(s, t, h, o)
}
