package fake

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/uuid"
)

// namespaces is the resource whose objects are the scopes of others.
var namespaces = schema.GroupResource{Resource: "namespaces"}

// addNamespace puts a namespace as the server makes those of its own.
func (s *store) addNamespace(name string) {
	c := s.collections[namespaces]
	s.commit(c, nil, stamped(map[string]any{
		"apiVersion": "v1", "kind": "Namespace",
		"metadata": map[string]any{
			"name": name, "uid": string(uuid.NewUUID()),
			"creationTimestamp": time.Now().UTC().Format(time.RFC3339),
			"labels":            map[string]any{corev1.LabelMetadataName: name},
		},
		"spec":   map[string]any{"finalizers": []any{"kubernetes"}},
		"status": map[string]any{"phase": "Active"},
	}, s.next()))
}
