package observe

import (
	"time"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Board is what metrics and /debug read at the moment when they are asked.
type Board struct {
	Election *replicas.Election // nil: there is none
	Streams  Streams
	Bindings []Binding
}

// Streams shows the streams of a runtime.
type Streams interface {
	// Statuses returns the streams that run, sorted by name, and the names of dead streams.
	Statuses() (running []StreamStatus, dead []string)
}

// StreamStatus is one stream at one moment, as health, metrics and /debug show it.
type StreamStatus struct {
	Stream   string
	State    watcher.State
	Optional bool // all that it serves can do without it
	Observer *Stream
}

// Binding shows one binding.
type Binding interface {
	// Row has the binding's numbers, without its calls and objects.
	Row() BindingSnapshot
	// Running are the calls that run.
	Running() []RunningSnapshot
	// Parked are the parked objects, sorted.
	Parked() []queue.ParkedInfo
	// Gauges are the numbers for metrics.
	Gauges() Gauges
}

// Gauges are the numbers of one binding at one moment.
type Gauges struct {
	Capability, Binding string
	queue.Stats
	Aged                          bool // the two ages are known
	LongestRunning, OldestWaiting time.Duration
	Pending                       int  // pending deletions
	Caches                        bool // states are kept
	CachedObjects                 int
	CachedBytes                   int64
}
