package observe

import (
	"errors"

	"github.com/ancho-dev/ancho/pkg/queue"
)

// The errors about callbacks that hang.
var (
	errHolds = errors.New("callbacks of one namespace have run for more than a minute and hold more than half of the binding's slots: set Timeout, and pass the context on")
	errFull  = errors.New("callbacks have run for more than a minute and hold all slots of the binding, while calls wait: set Timeout, and pass the context on")
)

// Overflowed implements queue.Observer.
func (o *Calls) Overflowed() { o.overflow.Inc() }

// Hanging implements queue.Observer: it logs when callbacks begin to hold up others, when other ones do, and when none do.
func (o *Calls) Hanging(h queue.Hanging) {
	log := o.log.WithValues("running", h.Calls, "slots", h.Slots)
	if len(h.Oldest) > 0 {
		oldest := make([]string, len(h.Oldest))
		for i, k := range h.Oldest {
			oldest[i] = k.String()
		}
		log = log.WithValues("oldest", oldest)
	}
	switch {
	case len(h.Namespaces) > 0:
		log.Error(errHolds, "callbacks hang", "namespaces", h.Namespaces, "allSlots", h.Full)
	case h.Full:
		log.Error(errFull, "callbacks hang")
	default:
		log.Info("callbacks that hang hold up no others any more")
	}
}
