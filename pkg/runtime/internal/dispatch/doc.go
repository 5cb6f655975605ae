// Package dispatch leads from streams to bindings: it opens the streams of a plan, finds the bindings that an event can matter to, and
// hands the event to their subscriptions. What an event means for a binding is the binding's.
//
// A shared stream serves several targets. When the API server refuses it, narrow routes run streams of their own, and come back when
// the shared stream works again.
package dispatch
