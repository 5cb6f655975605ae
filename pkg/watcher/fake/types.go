package fake

import (
	"fmt"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// types knows the Go types of all built-in kinds. It is not changed after it was made.
var types = sync.OnceValue(func() *runtime.Scheme {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, metav1.Unversioned)
	for _, k := range kind.Builtin() {
		if a, ok := k.(interface {
			AddToScheme(*runtime.Scheme) error
		}); ok {
			if err := a.AddToScheme(scheme); err != nil {
				panic(fmt.Sprintf("a built-in kind cannot be registered: %v", err)) // a defect of the generated kinds
			}
		}
	}
	return scheme
})
