package capability

// Finalize adds a clean-up that runs before an object is removed from the cluster. Ancho adds the finalizer, a name with a domain such as
// "webapp.example.com/cleanup", to each object before its first Reconcile call, so that the API server keeps a
// deleted object until h has returned nil; then Ancho removes this finalizer, and no other. If something else removes it from an object that is
// not being deleted, Ancho adds it again, whatever the event steps say. An object that carries it
// belongs to the binding whatever the selection says of it now; one that is being deleted and does not carry it is not
// reconciled.
//
// h never runs while Reconcile runs for the same object. An error or a panic keeps the finalizer, and Ancho calls h again for ever: after
// a backoff, after RequeueAfter's or RetryAfter's delay, or, for Permanent, after the longest delay of the backoff. It may
// be called again after it has succeeded, by a program that was killed before it removed the finalizer, so a clean-up has to succeed
// when there is nothing left to clean up.
//
// An object that disappears although it carried the finalizer is cleaned up too, with Type Deleted and its last known state, or Partial. (A
// deletion that is in progress while the finalizer is added wins at the API server.) Reconcile releases an object by returning [ReleaseFinalizer].
//
// The program needs the verbs get and patch on the kind. To take a program off a cluster, run it with
// --release-finalizers.
func (r Reconciler[T]) Finalize(finalizer string, h Handler[T]) Binding {
	if r.d == nil {
		return r
	}
	d := *r.d
	d.Finalize, d.Finalizer, d.NoCleanup = true, finalizer, h == nil
	d.Cleanup = invoker(r.objects, h)
	return ended{&d}
}
