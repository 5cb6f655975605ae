package kind

import (
	"encoding/json"
	"errors"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var gadgets = schema.GroupVersion{Group: "test.example.com", Version: "v1"}

// Gadget is a custom kind with a field of every sort that decodes in its own way.
type Gadget struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec GadgetSpec `json:"spec"`
}

// GadgetSpec is the spec of a Gadget.
type GadgetSpec struct {
	Shared   `json:",inline"`
	Replicas int32             `json:"replicas,omitempty"`
	When     *metav1.Time      `json:"when,omitempty"`
	Size     resource.Quantity `json:"size"`
	Quoted   int64             `json:"quoted,omitempty,string"`
	Parts    []GadgetSpec      `json:"parts,omitempty"`
	ByName   map[string]int    `json:"byName,omitempty"`
	Loud     *loud             `json:"loud,omitempty"`
	Any      json.RawMessage   `json:"any,omitempty"`
	Plain    int
}

// Shared is embedded without a name of its own.
type Shared struct {
	Owner string `json:"owner,omitempty"`
}

// loud decodes itself, with errors and panics that quote what they were given.
type loud struct{}

func (*loud) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '[' {
		panic(string(raw))
	}
	return errors.New("cannot use " + string(raw))
}

// DeepCopyObject implements runtime.Object.
func (g *Gadget) DeepCopyObject() runtime.Object {
	c := *g
	g.DeepCopyInto(&c.ObjectMeta)
	return &c
}

func addGadgets(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(gadgets, &Gadget{})
	metav1.AddToGroupVersion(scheme, gadgets)
	return nil
}
