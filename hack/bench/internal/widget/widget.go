// Package widget is the custom resource of the benchmark: a Go type as users write them, with conditions, maps,
// lists and quantities, and the definition that makes a server serve it.
package widget

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is where widgets are served.
var GroupVersion = schema.GroupVersion{Group: "bench.ancho.dev", Version: "v1"}

// Plural is the resource's name in paths.
const Plural = "widgets"

// Widget is the custom resource.
type Widget struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`

	Spec   Spec   `json:"spec,omitzero"`
	Status Status `json:"status,omitzero"`
}

// Spec is what is wanted of a Widget.
type Spec struct {
	Image     string                      `json:"image"`
	Replicas  *int32                      `json:"replicas,omitempty"`
	Paused    bool                        `json:"paused,omitempty"`
	Interval  *metav1.Duration            `json:"interval,omitempty"`
	Config    map[string]string           `json:"config,omitempty"`
	Resources corev1.ResourceRequirements `json:"resources,omitzero"`
	Routes    []Route                     `json:"routes,omitempty"`
}

// Route is one way to a Widget.
type Route struct {
	Host    string            `json:"host"`
	Path    string            `json:"path,omitempty"`
	Port    int32             `json:"port"`
	Weight  *int64            `json:"weight,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
}

// Status is what is seen of a Widget.
type Status struct {
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Ready              int32              `json:"ready"`
	LastSync           *metav1.Time       `json:"lastSync,omitempty"`
	Endpoints          []string           `json:"endpoints,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
}

// WidgetList is what a server answers to a list.
type WidgetList struct { //nolint:revive // the server knows it by this name
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`

	Items []Widget `json:"items"`
}

// AddToScheme registers the types.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion, &Widget{}, &WidgetList{})
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}
