// Package finalize adds the finalizer of a binding to objects, removes it, and says whether the cleanup of an object is due: what the
// stream delivers, what patches answer and what callbacks return meet here.
//
// The calls of the cleanup itself are the binding's.
package finalize
