package compile

import (
	"maps"
	"slices"
)

// KindsWithoutGeneration gives tests of the package the resources in noGeneration.
func KindsWithoutGeneration() []string { return slices.Sorted(maps.Keys(noGeneration)) }
