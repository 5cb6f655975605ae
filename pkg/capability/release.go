package capability

// ReleaseFinalizer releases the object of the call, where the Reconcile of a binding with [Reconciler.Finalize] returns it: Ancho
// removes the binding's finalizer without calling the clean-up. Reconcile returns it for an object that has nothing to clean up.
//
// Ancho adds the finalizer again when metadata.generation changes, and for a kind without generation when Reconcile returns
// something else for the object. A program that starts again knows of no release: it adds the finalizer, calls
// Reconcile, and removes the finalizer if Reconcile returns ReleaseFinalizer again.
//
// A reason may be wrapped around it: fmt.Errorf("nothing was created: %w", ReleaseFinalizer). Joined with another error it loses
// its meaning, and the whole is a failure. Elsewhere it is a mistake: from the callback of a binding without Finalize, Ancho logs an error
// and treats it as nil; from a clean-up, or for a deleted object, it is nil, since no finalizer remains after these.
var ReleaseFinalizer error = &releaseError{} //nolint:errname // an answer, as io.EOF is

type releaseError struct{}

func (*releaseError) Error() string { return "release the object from its finalizer" }

// IsReleaseFinalizer reports whether err is [ReleaseFinalizer], alone or as the single wrapped cause of other errors.
func IsReleaseFinalizer(err error) bool {
	_, ok := marker(err).(*releaseError) //nolint:errorlint // marker has unwrapped it
	return ok
}
