package compile

// Options are the program's.
type Options struct {
	// Namespace is the program's --namespace. Bindings on namespaced kinds that name no namespace are
	// confined to it, and bindings that name another one are a mistake. Empty: all namespaces.
	Namespace string
}
