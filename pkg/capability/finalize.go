package capability

// Finalize adds a cleanup that runs before an object is removed from the cluster. Ancho adds the finalizer, a name
// with a domain such as "webapp.example.com/cleanup", to each object before its first Reconcile call. The API server
// then keeps a deleted object until h has returned nil and Ancho has removed this finalizer, and no other. If
// something else removes it from an object that is not being deleted, Ancho adds it again, whatever the event steps
// say.
//
// An object that carries the finalizer belongs to the binding, even if it no longer matches the selection. An object
// that is being deleted without it is not reconciled.
//
// h never runs at the same time as Reconcile for the same object. After an error or a panic, Ancho keeps the finalizer
// and retries h forever: after a backoff, after the delay of RequeueAfter or RetryAfter, or, for Permanent, after the
// longest delay of the backoff. If the program is killed before it removed the finalizer, h runs again after it has
// succeeded, so a cleanup must succeed when there is nothing left to clean up.
//
// An object that disappears although it carried the finalizer is cleaned up too, with Type Deleted and its last known
// state, or Partial. (A deletion that is in progress while the finalizer is added wins at the API server.) Reconcile
// releases an object by returning [ReleaseFinalizer].
//
// The program needs the verbs get and patch on the kind. To uninstall a program, run it with --release-finalizers.
func (r Reconciler[T]) Finalize(finalizer string, h Handler[T]) Binding {
	if r.d == nil {
		return r
	}
	d := *r.d
	d.Finalize, d.Finalizer, d.NoCleanup = true, finalizer, h == nil
	d.Cleanup = invoker(r.objects, h)
	return ended{&d}
}
