package examples

import "github.com/ancho-dev/ancho/pkg/capability"

// All are the capabilities of this package.
func All() []capability.Func {
	return []capability.Func{
		Selections, Shared, Kinds, Frugal,
		(&Members{}).Capability,
		(&Backups{}).Capability,
		(&Ordered{}).Capability,
		(&Records{}).Capability,
		(&Budgets{}).Capability,
		(&Mirror{}).Capability,
		(&Inventory{}).Capability,
	}
}
