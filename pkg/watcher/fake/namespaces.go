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
	c, now := s.collections[namespaces], time.Now().UTC().Format(time.RFC3339)
	s.commit(c, nil, stamped(map[string]any{
		"apiVersion": "v1", "kind": "Namespace",
		"metadata": map[string]any{
			"name": name, "uid": string(uuid.NewUUID()),
			"creationTimestamp": now,
			"labels":            map[string]any{corev1.LabelMetadataName: name},
			"managedFields": []any{map[string]any{
				"manager": "kube-apiserver", "operation": "Update", "apiVersion": "v1", "time": now, "fieldsType": "FieldsV1",
				"fieldsV1": map[string]any{"f:metadata": map[string]any{
					"f:labels": map[string]any{".": map[string]any{}, "f:" + corev1.LabelMetadataName: map[string]any{}},
				}},
			}},
		},
		"spec":   map[string]any{"finalizers": []any{"kubernetes"}},
		"status": map[string]any{"phase": "Active"},
	}, s.next()))
}
