package runtime_test

import (
	"context"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

func greeting(capability.Env) *capability.Capability {
	return capability.New("hello",
		capability.When(kind.ConfigMap).InNamespace("demo").WithName("greeting").
			Reconcile(func(context.Context, capability.Event[*corev1.ConfigMap]) error { return nil }),
	)
}

// A program with a main function of its own makes a runtime and runs it until its context ends.
func ExampleNew() {
	r, err := runtime.New(&rest.Config{Host: "http://127.0.0.1:8001"}, runtime.Options{
		Capabilities: []capability.Func{greeting},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // here it is over before it began
	fmt.Println("ended with", r.Run(ctx))
	// Output: ended with <nil>
}

// A plan needs no cluster.
func ExamplePlanFor() {
	p, err := runtime.PlanFor(runtime.Options{Capabilities: []capability.Func{greeting}})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = p.WriteJSON(os.Stdout)
	// Output:
	// [
	//   {
	//     "capability": "hello",
	//     "binding": "configmaps",
	//     "action": "Reconcile",
	//     "streams": [
	//       "/api/v1/namespaces/demo/configmaps?watch=true&fieldSelector=metadata.name%3Dgreeting"
	//     ],
	//     "clientSide": []
	//   }
	// ]
}
