// Gadget watches a custom kind, and tells what it sees on standard output, a line each.
package main

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

func main() { ancho.Main(gadgets) }

var gadget = kind.Unstructured(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Gadget"})

func gadgets(capability.Env) *capability.Capability {
	return capability.New("gadgets", capability.When(gadget).IsCreatedOrUpdated().IsDeleted().Watch(tell))
}

func tell(_ context.Context, e capability.Event[*unstructured.Unstructured]) error {
	if e.Type == capability.Deleted {
		fmt.Println(e.Type, e.Object.GetName())
		return nil
	}
	size, _, err := unstructured.NestedFieldNoCopy(e.Object.Object, "spec", "size")
	fmt.Println(e.Type, e.Object.GetName(), size)
	return err
}
