package capability

// ReleaseFinalizer releases the object of the call: return it from the Reconcile of a binding with
// [Reconciler.Finalize] for an object that has nothing to clean up. Ancho removes the binding's finalizer without
// calling the cleanup.
//
// Ancho adds the finalizer again when metadata.generation changes, and for a kind without generation when Reconcile
// returns something else for the object. Releases do not survive a restart: the program adds the finalizer, calls
// Reconcile, and removes the finalizer if Reconcile returns ReleaseFinalizer again.
//
// You can wrap a reason around it: fmt.Errorf("nothing was created: %w", ReleaseFinalizer). Joined with another error
// it loses its meaning, and the call failed. Returned from a binding without Finalize it is a mistake: Ancho logs an
// error and treats it as nil. From a cleanup, or for a deleted object, it means nil, because no finalizer remains
// after these.
var ReleaseFinalizer error = &releaseError{} //nolint:errname // an answer, as io.EOF is

type releaseError struct{}

func (*releaseError) Error() string { return "release the object from its finalizer" }

// IsReleaseFinalizer reports whether err is [ReleaseFinalizer], alone or as the single wrapped cause of other errors.
func IsReleaseFinalizer(err error) bool {
	_, ok := marker(err).(*releaseError) //nolint:errorlint // marker has unwrapped it
	return ok
}
