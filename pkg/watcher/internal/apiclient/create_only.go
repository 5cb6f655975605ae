package apiclient

import (
	"fmt"
	"strings"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// CreateOnly says whether a resource is one that Kubernetes answers at once and does not store, or a subresource: they
// can be created, and neither listed nor watched, whatever rights are granted and definitions installed.
func CreateOnly(r kind.Resource) bool {
	switch r.Group {
	case "authentication.k8s.io", "authorization.k8s.io":
		return strings.HasSuffix(r.Kind, "Review") || r.Kind == "TokenRequest"
	case "policy":
		return r.Kind == "Eviction"
	case "autoscaling":
		return r.Kind == "Scale"
	case "":
		return r.Kind == "Binding" || strings.HasSuffix(r.Kind, "Options") || strings.Contains(r.Plural, "/")
	}
	return strings.Contains(r.Plural, "/")
}

// Unlistable says why a resource cannot be listed, and what to do about it.
func Unlistable(r kind.Resource) string {
	if CreateOnly(r) {
		return fmt.Sprintf("a %s is a request or a subresource that can only be created; the server stores none, so there is nothing to watch. Remove it from the selections, and create it from a callback", r.Kind)
	}
	return fmt.Sprintf("the server does not offer the verbs list and watch for %s. Remove it from the selections", r.Plural)
}
