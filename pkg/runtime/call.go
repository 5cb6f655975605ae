package runtime

import (
	"time"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/queue"
)

// Call is one completed call of a callback.
type Call struct {
	// Binding is the capability's and the binding's name: "hello/configmaps".
	Binding string
	// Action is the kind of call: "Reconcile", "Watch", or "Finalize" for a cleanup.
	Action string
	// Namespace and Name identify the object; UID too, if it is known.
	Namespace, Name, UID string
	// Type, Attempt, Merged, Initial and Causes are copied from the Event.
	Type            capability.EventType
	Attempt, Merged int
	Initial         bool
	Causes          []capability.Cause
	// Outcome is what came of the call, and Err its failure.
	Outcome capability.Outcome
	Err     error
	// Took is how long the call ran.
	Took time.Duration
	// Again: the call is made again, in Next.
	Again bool
	Next  time.Duration
	// Parked: the object is called for again when it changes, or a trigger asks for it.
	Parked bool
}

// Object names the object as "namespace/name", or by its name where there is no namespace.
func (c Call) Object() string { return queue.Key{Namespace: c.Namespace, Name: c.Name}.String() }

// callOf describes what the queue of a binding reports.
func callOf(binding string, f *queue.Finish) Call {
	c := Call{
		Binding: binding, Action: f.Label, Namespace: f.Key.Namespace, Name: f.Key.Name, UID: f.UID,
		Type: capability.EventType(f.Type), Attempt: f.Attempt, Merged: f.Merged, Initial: f.Initial,
		Outcome: capability.Outcome(f.Outcome.String()), Err: f.Err, Took: f.Took, Again: f.Again, Next: f.Next, Parked: f.Parked,
	}
	for _, why := range f.Causes {
		c.Causes = append(c.Causes, capability.Cause{
			Type: capability.EventType(why.Type), Via: capability.Via(why.Via), Kind: why.Kind, Name: why.Name,
		})
	}
	return c
}
