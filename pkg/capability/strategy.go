package capability

import "github.com/ancho-dev/ancho/pkg/queue"

// Strategy says which calls of a binding never overlap: see [Selection.Queue].
type Strategy string

// The strategies.
const (
	// PerObject: calls for one object. It is the default.
	PerObject Strategy = "PerObject"
	// PerNamespace: calls for the objects of one namespace.
	PerNamespace Strategy = "PerNamespace"
	// PerKind: all calls of the binding.
	PerKind Strategy = "PerKind"
	// Global: all calls of the binding, as PerKind.
	Global Strategy = "Global"
)

// queued translates the strategy for the queue, and reports whether it exists.
func (s Strategy) queued() (queue.Strategy, bool) {
	switch s {
	case PerObject:
		return queue.PerObject, true
	case PerNamespace:
		return queue.PerNamespace, true
	case PerKind:
		return queue.PerKind, true
	case Global:
		return queue.Global, true
	}
	return 0, false
}
