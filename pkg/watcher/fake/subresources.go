package fake

import "reflect"

// subresources are those that a resource is served with: the status where its kind has one, which is assumed of custom
// resources.
func subresources(c *collection) []string {
	var out []string
	if !c.builtin || hasStatus(c) {
		out = append(out, "status")
	}
	if c.resource.GVR().GroupResource() == namespaces {
		out = append(out, "finalize")
	}
	return out
}

// hasStatus tells whether the Go type of a built-in kind has a status.
func hasStatus(c *collection) bool {
	t, ok := types().AllKnownTypes()[c.resource.GVK()]
	if !ok || t.Kind() != reflect.Struct {
		return false
	}
	_, ok = t.FieldByName("Status")
	return ok
}
