// Package binding is one binding of the program at work: what its set holds, the calls of its callback, retries, memory and the objects
// that callbacks read.
//
// A Subscription is a binding on one target. The stream that serves the target delivers changes to it, and what a change means
// for the binding's set is decided here.
package binding
