package kind

import (
	"strings"

	"github.com/gobuffalo/flect"
)

// guessPlural derives the resource name of a custom kind. It follows the rule of controller-gen, which writes most
// CustomResourceDefinitions: the English plural of the kind, in lower case (Gateway: gateways, Mesh: meshes, Redis: redis).
// A final o takes an s, as in apimachinery and code-generator (Demo: demos): published definitions hardly ever have the
// "oes" of controller-gen. apimachinery's UnsafeGuessKindToResource knows fewer endings (gatewaies, meshs). A definition may
// choose any name, so the result stays a guess: Resource.Guessed says so.
func guessPlural(kind string) string {
	lower := strings.ToLower(kind)
	if strings.HasSuffix(lower, "o") {
		return lower + "s"
	}
	return strings.ToLower(flect.Pluralize(kind))
}
