package capability_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// reconcile stands for what a controller does with a pod.
func reconcile(_ context.Context, e capability.Event[*corev1.Pod]) error {
	fmt.Println(e.Type, e.Object.Name)
	return nil
}

// show prints what bindings compile to: their requests, and after "here:" what is filtered here.
func show(bindings ...capability.Binding) {
	showCapability(capability.New("example", bindings...))
}

func showCapability(c *capability.Capability) {
	for _, b := range plan(c) {
		for _, stream := range b.Streams {
			fmt.Println(stream)
		}
		if len(b.ClientSide) > 0 {
			fmt.Println("here:", strings.Join(b.ClientSide, "; "))
		}
	}
}

// showTriggers prints what else has the objects of a binding reconciled.
func showTriggers(b capability.Binding) {
	for _, b := range plan(capability.New("example", b)) {
		fmt.Println(strings.Join(b.Triggers, "\n"))
	}
}

// plan is what --plan prints, which needs no cluster.
func plan(c *capability.Capability) runtime.Plan {
	p, err := runtime.PlanFor(runtime.Options{Capabilities: []capability.Func{func(capability.Env) *capability.Capability { return c }}})
	if err != nil {
		fmt.Println(err)
	}
	return p
}

// Every step has an Example.
func TestEveryStepHasAnExample(t *testing.T) {
	files, err := filepath.Glob("example*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(b)
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[capability.Selection[*corev1.Pod]](), reflect.TypeFor[*capability.Capability]()} {
		name := "Selection_"
		if typ.Kind() == reflect.Pointer {
			name = "Capability_"
		}
		for m := range typ.Methods() {
			if m.Name == "Resource" || m.Name == "New" || m.Name == "Name" || m.Name == "Declared" {
				continue // no steps
			}
			if !strings.Contains(text.String(), "func Example"+name+m.Name+"() {") {
				t.Errorf("there is no Example%s%s", name, m.Name)
			}
		}
	}
}

func Example() {
	hello := func(_ capability.Env) *capability.Capability {
		return capability.New("hello",
			capability.When(kind.ConfigMap).
				InNamespace("demo").
				WithName("greeting").
				Reconcile(func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
					fmt.Println(e.Type, e.Object.Data)
					return nil
				}),
		)
	}
	showCapability(hello(capability.Env{}))
	// Output: /api/v1/namespaces/demo/configmaps?watch=true&fieldSelector=metadata.name%3Dgreeting
}

// A head can begin several bindings: each step returns a new selection.
func ExampleWhen() {
	web := capability.When(kind.Pod).WithLabel("app", "web")
	show(
		web.InNamespace("blue").Reconcile(reconcile),
		web.InNamespace("green").Reconcile(reconcile),
	)
	// Output:
	// /api/v1/namespaces/blue/pods?watch=true&labelSelector=app%3Dweb
	// /api/v1/namespaces/green/pods?watch=true&labelSelector=app%3Dweb
}

func ExampleSelection_Watch() {
	show(capability.When(kind.Pod).IsDeleted().Watch(func(_ context.Context, e capability.Event[*corev1.Pod]) error {
		fmt.Println("gone:", e.Object.Name)
		return nil
	}))
	// Output: /api/v1/pods?watch=true
}

func ExampleSelection_Reconcile() {
	show(capability.When(kind.Pod).Reconcile(func(_ context.Context, e capability.Event[*corev1.Pod]) error {
		fmt.Println(e.Object.Name, "is", e.Object.Status.Phase)
		return nil
	}))
	// Output: /api/v1/pods?watch=true
}

// Two bindings of one kind are told apart by a number, or by an Alias.
func ExampleNew() {
	c := capability.New("pods",
		capability.When(kind.Pod).WithLabel("app", "web").Reconcile(reconcile),
		capability.When(kind.Pod).WithLabel("app", "db").Reconcile(reconcile),
		capability.When(kind.Pod).Alias("deletions").IsDeleted().Watch(reconcile),
	)
	for _, b := range plan(c) {
		fmt.Println(b.Capability + "/" + b.Binding)
	}
	// Output:
	// pods/pods
	// pods/pods-2
	// pods/deletions
}

func ExampleCapability_Description() {
	c := capability.New("webapp", capability.When(kind.Pod).Reconcile(reconcile)).
		Description("runs each WebApp as a Deployment behind a Service")
	fmt.Println(c.Name())
	// Output: webapp
}

func ExampleCapability_InNamespace() {
	showCapability(capability.New("webapp",
		capability.When(kind.Pod).Reconcile(reconcile),
		capability.When(kind.Node).Watch(nothing),
	).InNamespace("blue", "green"))
	// Output:
	// /api/v1/namespaces/blue/pods?watch=true
	// /api/v1/namespaces/green/pods?watch=true
	// /api/v1/nodes?watch=true
}

func ExampleCapability_NotInNamespace() {
	showCapability(capability.New("webapp",
		capability.When(kind.Pod).Reconcile(reconcile),
	).NotInNamespace("kube-system"))
	// Output: /api/v1/pods?watch=true&fieldSelector=metadata.namespace!%3Dkube-system
}

// Everything that is wrong is reported at once, with its place in the source.
func ExampleDeclarationError() {
	_, err := runtime.PlanFor(runtime.Options{Capabilities: []capability.Func{func(capability.Env) *capability.Capability {
		return capability.New("webapp",
			capability.When(kind.Pod).WithName("a").WithName("b").Reconcile(reconcile),
			capability.When(kind.Node).InNamespace("blue").Watch(nothing),
		)
	}}})
	if wrong, ok := errors.AsType[*capability.DeclarationError](err); ok {
		for _, m := range wrong.Mistakes {
			fmt.Println(m.Problem)
		}
	}
	// Output:
	// its name steps leave no name
	// InNamespace does not fit Node, which is cluster-scoped
}

// A reason can be wrapped around it.
func ExampleRequeueAfter() {
	err := fmt.Errorf("the volume is not there yet: %w", capability.RequeueAfter(30*time.Second))
	fmt.Println(err)
	// Output: the volume is not there yet: call again after 30s
}

func ExampleRetryAfter() {
	err := capability.RetryAfter(time.Minute, errors.New("over quota"))
	fmt.Println(err)
	// Output: over quota (try again after 1m0s)
}

func ExamplePermanent() {
	err := capability.Permanent(errors.New("spec.image is empty"))
	fmt.Println(err)
	// Output: spec.image is empty (not to be tried again)
}

func ExampleIsPermanent() {
	fmt.Println(capability.IsPermanent(fmt.Errorf("pod web: %w", capability.Permanent(errors.New("spec.image is empty")))))
	fmt.Println(capability.IsPermanent(errors.New("spec.image is empty")))
	// Output:
	// true
	// false
}

func ExampleRetryDelay() {
	fmt.Println(capability.RetryDelay(capability.RetryAfter(time.Minute, errors.New("over quota"))))
	// Output: 1m0s true
}

func ExampleIsRequeue() {
	fmt.Println(capability.IsRequeue(capability.RequeueAfter(time.Minute)))
	fmt.Println(capability.IsRequeue(errors.Join(capability.RequeueAfter(time.Minute), errors.New("failed"))))
	// Output:
	// 1m0s true
	// 0s false
}
