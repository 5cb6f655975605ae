package compile

import (
	"strings"
	"testing"

	"k8s.io/client-go/kubernetes/scheme"
)

// Of every type of the Kubernetes API all fields show in JSON, so that all of an object can be compared.
func TestEveryKindCanBeCompared(t *testing.T) {
	looked := 0
	for gvk, typ := range scheme.Scheme.AllKnownTypes() {
		if !strings.HasPrefix(typ.PkgPath(), "k8s.io/api/") {
			continue
		}
		looked++
		if what := hiddenIn(typ, false, map[place]bool{}); what != "" {
			t.Errorf("%s: %s", gvk, what)
		}
	}
	if looked < 100 {
		t.Errorf("looked at %d types only", looked)
	}
}
