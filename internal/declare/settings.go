package declare

import (
	"time"

	"github.com/ancho-dev/ancho/pkg/queue"
)

// The defaults of Settings.
const (
	DefaultConcurrency  = queue.DefaultConcurrency
	DefaultBackoffMin   = queue.DefaultBackoffMin
	DefaultBackoffMax   = queue.DefaultBackoffMax
	DefaultMemoryBudget = 16 << 20
)

// Settings are how a binding's calls are run.
type Settings struct {
	// Concurrency is how many callbacks run at once.
	Concurrency int
	// Timeout is after how long the context of a call is cancelled; 0 is never.
	Timeout time.Duration
	// Backoff bounds the delays between failed calls.
	Backoff queue.Backoff
	// MaxAttempts is how many calls in a row may fail; 0 is no limit.
	MaxAttempts int
	// Strategy is what is serialised.
	Strategy queue.Strategy
	// InOrder makes each event a call of its own, in order for one object.
	InOrder bool
	// MemoryBudget is how many bytes of raw events may wait.
	MemoryBudget int64
	// Audit is how often the binding's streams are compared with a list; 0 is never.
	Audit time.Duration
	// ManagedFields: objects come with metadata.managedFields. Without it this binding does not
	// read them, and frames need not have them.
	ManagedFields bool
}
