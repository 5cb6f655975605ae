// Command ancho is Ancho in the benchmark: an ordinary program, with default settings.
package main

import (
	"context"
	"os"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho"
	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
	"github.com/ancho-dev/ancho/hack/bench/internal/widget"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

func main() {
	r, task := contender.Start()
	os.Args = append(os.Args[:1], "--http", "", "--admin", task.HTTP)
	if task.Kubeconfig == "" {
		os.Args = append(os.Args, "--server", task.Server)
	} else {
		os.Args = append(os.Args, "--kubeconfig", task.Kubeconfig)
	}
	ancho.Main(func(capability.Env) *capability.Capability {
		if task.Kind == contender.Widgets {
			return capability.New("bench", bind(r, task, capability.When(kind.Of[*widget.Widget](widget.AddToScheme)))...)
		}
		return capability.New("bench", bind[*corev1.Pod](r, task, capability.When(kind.Pod))...)
	})
}

// bind makes the bindings that the task asks for.
func bind[T kind.Object](r *contender.Run, task contender.Task, all capability.Selection[T]) []capability.Binding {
	if task.Keep {
		all = all.WithAnnotation(contender.KeepAnnotation, "yes")
	}
	handle := func(_ context.Context, e capability.Event[T]) error {
		r.Handled(e.Object.GetName(), e.Object.GetAnnotations()[contender.SentAnnotation])
		return nil
	}
	if task.Bindings <= 1 {
		return []capability.Binding{all.Reconcile(handle)}
	}
	var out []capability.Binding
	for i := range task.Bindings {
		shard := strconv.Itoa(i)
		out = append(out, all.WithAnnotation(contender.ShardAnnotation, shard).Alias("shard-"+shard).Reconcile(handle))
	}
	return out
}
