package machine

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/index"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// Defaults of Options.
const (
	DefaultPageLimit       = 500
	DefaultShortestWatch   = 5 * time.Minute
	DefaultLongestWatch    = 10 * time.Minute
	DefaultWatchGrace      = 30 * time.Second
	DefaultProgress        = 30 * time.Second
	DefaultFirstAnswer     = 60 * time.Second
	DefaultPollEvery       = 30 * time.Second
	DefaultShortestBackoff = 200 * time.Millisecond
	DefaultLongestBackoff  = 30 * time.Second
	DefaultReadAhead       = 256 << 10
)

// ErrStopped is returned by Stream.DoContext when the stream has ended, or ended before the function was run.
var ErrStopped = errors.New("stream has stopped")

// Options are the settings of a stream; the zero value of each means its default.
type Options struct {
	// Logger gets an error when the stream is blocked, again when the reason or, materially, the message changes, and every
	// ten minutes; and a line when it has recovered. Default: none.
	Logger logr.Logger
	// Observer feeds metrics. Default: NoObserver.
	Observer report.Observer
	// Rand returns numbers in [0,1) for jitter. Default: math/rand/v2. It is called as a Handler is.
	Rand func() float64
	// Words is how many words of its own the handler keeps with each entry of the index. Default: none.
	Words int
	// Seed has the objects that another stream, which covered this one, has delivered. The stream compares its first
	// snapshot with it, like a relist, and delivers only the differences. It becomes the stream's own index, with the
	// words that it was made with; the caller must not use it afterwards.
	Seed *index.Index

	// PageLimit is the number of items asked for in one page of a list. Default 500.
	PageLimit int64
	// WatchMin and WatchMax bound the timeout asked for in each watch, drawn at random. Default 5 and 10 minutes.
	WatchMin, WatchMax time.Duration
	// WatchGrace is how long after its timeout a watch is given up, if the server did not end it. Default 30 s.
	WatchGrace time.Duration
	// Progress is how long a snapshot may stand still. Default 30 s.
	Progress time.Duration
	// FirstAnswer is how long a snapshot or a list may take to send its first byte, which includes the time that a
	// busy server lets it wait in a queue. Default 60 s.
	FirstAnswer time.Duration
	// PollEvery is the pause between two lists of a resource that cannot be watched. Default 30 s.
	PollEvery time.Duration
	// BackoffMin and BackoffMax bound the pause between two attempts. Default 200 ms and 30 s.
	BackoffMin, BackoffMax time.Duration
	// ReadAhead is how many bytes of frames are read while Hold, a command, or the end of a snapshot keeps the handler
	// from taking the earlier ones; what one read brings more than that may wait. Default 256 KiB.
	ReadAhead int
	// Hold is asked before each frame is handed out. While it returns a channel, the stream hands out nothing and soon
	// reads nothing, until that is closed or the time has come; then it asks again. Commands are run meanwhile, and the
	// stop is obeyed. The server bears seconds, not minutes (rule 34), in all of a snapshot. It is called as a
	// Handler is. Default: the stream is never held up.
	Hold func() (room <-chan struct{}, latest time.Time)
	// Audit is how often the stream compares what it delivered with a list of the objects' metadata, which finds events that the server
	// lost. It needs the verb list. A stream that is blocked or polls is not audited. Default: never.
	Audit time.Duration
	// Optional says that the resource need not be served: the log says once, and as no error, that it is not, and when it is.
	Optional bool
	// MaxFrame is the size in bytes above which an event or item is refused. Default 16 MiB.
	MaxFrame int
	// CutManagedFields has metadata.managedFields, often a third of an object, taken out of each frame when it is
	// read. Default: frames are as the server sent them.
	CutManagedFields bool
}

func (o Options) withDefaults() Options {
	if o.Observer == nil {
		o.Observer = report.NoObserver{}
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Hold == nil {
		o.Hold = func() (<-chan struct{}, time.Time) { return nil, time.Time{} }
	}
	orElse(&o.PageLimit, DefaultPageLimit)
	orElse(&o.WatchMin, DefaultShortestWatch)
	orElse(&o.WatchMax, max(o.WatchMin, DefaultLongestWatch))
	orElse(&o.WatchGrace, DefaultWatchGrace)
	orElse(&o.Progress, DefaultProgress)
	orElse(&o.FirstAnswer, DefaultFirstAnswer)
	orElse(&o.PollEvery, DefaultPollEvery)
	orElse(&o.BackoffMin, DefaultShortestBackoff)
	orElse(&o.BackoffMax, max(o.BackoffMin, DefaultLongestBackoff))
	orElse(&o.ReadAhead, DefaultReadAhead)
	return o
}

// orElse replaces zero and nonsense below it by the default.
func orElse[N int | int64 | time.Duration](v *N, def N) {
	if *v <= 0 {
		*v = def
	}
}

// Stream keeps one target's set of objects known: it reads a snapshot, follows the changes, and goes on
// through everything a cluster does to a watch. It never gives up before its context ends.
type Stream struct {
	server  *apiclient.Server
	target  apiclient.Target
	handler report.Handler
	o       Options
	cmds    commands

	mu    sync.Mutex
	state report.State

	m machine // of who has its turn
}

// New returns a stream that does nothing yet. Several streams may share a server.
func New(s *apiclient.Server, t apiclient.Target, h report.Handler, o Options) *Stream {
	o = o.withDefaults()
	st := &Stream{server: s, target: t, handler: h, o: o, state: report.State{Phase: report.Idle}}
	st.cmds.init()
	st.m.init(st)
	return st
}

// Target returns what the stream watches.
func (s *Stream) Target() apiclient.Target { return s.target }

// State returns what the stream is doing. It may be called from any goroutine.
func (s *Stream) State() report.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Index returns what the stream knows. It may be used in the methods of the Handler and in functions given to
// DoContext only.
func (s *Stream) Index() *index.Index { return s.m.index }

// DoContext runs f when the Handler is not at work, between two frames, also while the stream is blocked or waits, and
// returns when f has returned. Called before Run it waits for Run. It returns ErrStopped, and f was not run, if
// the stream has ended. It waits no longer than ctx lasts, whose error it returns then; f may still run later. It may be
// called from any goroutine, but not from a Handler.
func (s *Stream) DoContext(ctx context.Context, f func()) error { return s.cmds.do(ctx, f) }

// Run keeps the stream going until ctx is done, and returns when nothing of it is left: no goroutine, no open
// response. It is called once; a second call returns at once.
func (s *Stream) Run(ctx context.Context) {
	if !s.cmds.start() {
		return
	}
	if s.o.Audit > 0 {
		auditing, cancel := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.auditing(auditing)
		}()
		defer func() {
			cancel()
			<-done
		}()
	}
	defer s.cmds.stop()
	s.m.run(ctx)
}
