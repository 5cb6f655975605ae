// Package finalize adds the finalizer of a binding to objects, removes it, and says whether the clean-up of an object is due: what the
// stream delivers, what patches answer and what callbacks return meet here.
//
// The calls of the clean-up itself are the binding's.
package finalize
