package capability

// group is a capability: bindings under a name.
type group struct {
	name, description string
	at                location
	bindings          []*declaration // nil: of what was no binding
	namespaces        alternatives
	excluded          []string
	flaws             []flaw
}
