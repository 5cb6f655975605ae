package fake

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// eventFields are those of the objects that an Event is about.
var eventFields = []string{"kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"}

// selectableFields are those that a built-in kind can be selected by, beside metadata.name and metadata.namespace.
var selectableFields = map[schema.GroupKind][]string{
	{Kind: "Pod"}: {
		"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
		"status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName",
	},
	{Kind: "Node"}:                  {"spec.unschedulable"},
	{Kind: "ReplicationController"}: {"status.replicas"},
	{Kind: "Namespace"}:             {"status.phase"},
	{Kind: "Secret"}:                {"type"},
	{Kind: "Service"}:               {"spec.clusterIP", "spec.type"},
	{Kind: "Event"}:                 append(below("involvedObject", eventFields), "reason", "reportingComponent", "source", "type"),

	{Group: "events.k8s.io", Kind: "Event"}:                           append(below("regarding", eventFields), "reason", "reportingController", "type"),
	{Group: "batch", Kind: "Job"}:                                     {"status.successful"},
	{Group: "certificates.k8s.io", Kind: "CertificateSigningRequest"}: {"spec.signerName"},
	{Group: "certificates.k8s.io", Kind: "ClusterTrustBundle"}:        {"spec.signerName"},
	{Group: "certificates.k8s.io", Kind: "PodCertificateRequest"}:     {"spec.signerName", "spec.podName", "spec.nodeName"},
	{Group: "resource.k8s.io", Kind: "ResourceSlice"}:                 {"spec.nodeName", "spec.driver", "spec.pool.name"},
}

func below(parent string, names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = parent + "." + n
	}
	return out
}

// renamed are fields whose values stand elsewhere than their name says.
var renamed = map[string][]string{
	"status.successful": {"status", "succeeded"},
	"source":            {"source", "component"},
}

// zero are the values of fields that are no text, where they are not set.
var zero = map[string]string{
	"spec.hostNetwork": "false", "spec.unschedulable": "false", "status.replicas": "0", "status.successful": "0",
}

// selectable tells whether objects can be selected by a field. It has the form of fields.TransformFunc.
func (c *collection) selectable(name, value string) (to, is string, err error) {
	if name == "metadata.name" || (name == "metadata.namespace" && (c.resource.Namespaced || c.builtin)) {
		return name, value, nil
	}
	if name == "spec.host" && c.resource.GVK().GroupKind() == (schema.GroupKind{Kind: "Pod"}) {
		return "spec.nodeName", value, nil // its name in former times
	}
	own, known := selectableFields[c.resource.GVK().GroupKind()]
	switch {
	case c.builtin && slices.Contains(own, name):
		return name, value, nil
	case c.builtin && !known:
		return "", "", fmt.Errorf("%q is not a known field selector: only %q, %q", name, "metadata.name", "metadata.namespace")
	}
	return "", "", fmt.Errorf("field label not supported: %s", name)
}

// fieldsOf are an object's fields, for a selector.
type fieldsOf struct {
	collection *collection
	object     *object
}

var _ fields.Fields = fieldsOf{}

// Has tells that the field is there: a selector is only asked for fields that are selectable.
func (f fieldsOf) Has(string) bool { return true }

// Get returns the field's value as text.
func (f fieldsOf) Get(name string) string {
	if name == "status.podIPs" {
		return "" // may be asked for, but the server never sets it
	}
	path, ok := renamed[name]
	if !ok {
		path = strings.Split(name, ".")
	}
	v, found, err := unstructured.NestedFieldNoCopy(f.object.Object, path...)
	if name == "source" && (!found || v == "") {
		v, found, err = unstructured.NestedFieldNoCopy(f.object.Object, "reportingComponent")
	}
	if err != nil || !found {
		return zero[name]
	}
	return fmt.Sprint(v)
}
