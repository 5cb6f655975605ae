package declare

// Group is a capability: bindings under a name.
type Group struct {
	Name, Description string
	At                Location
	Bindings          []*Declaration // nil: of what was no binding
	Namespaces        Alternatives
	Excluded          []string
	Flaws             []Flaw
}
