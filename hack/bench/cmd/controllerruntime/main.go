// Command controllerruntime is controller-runtime in the benchmark: a manager with one controller, as its
// documentation shows it, with default settings.
package main

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
	"github.com/ancho-dev/ancho/hack/bench/internal/widget"
)

func main() {
	r, task := contender.Start()
	if err := run(r, task); err != nil {
		contender.Fail(err)
	}
}

func run(r *contender.Run, task contender.Task) error {
	ctrl.SetLogger(zap.New())
	cfg := &rest.Config{Host: task.Server}
	if task.Kubeconfig != "" {
		var err error
		if cfg, err = clientcmd.BuildConfigFromFlags("", task.Kubeconfig); err != nil {
			return err
		}
	}
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return err
	}
	if err := widget.AddToScheme(scheme); err != nil {
		return err
	}
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme:  scheme,
		Metrics: metricsserver.Options{BindAddress: task.HTTP},
	})
	if err != nil {
		return err
	}
	newObject := func() client.Object { return &corev1.Pod{} }
	if task.Kind == contender.Widgets {
		newObject = func() client.Object { return &widget.Widget{} }
	}
	c := mgr.GetClient()
	err = ctrl.NewControllerManagedBy(mgr).Named("bench").For(newObject()).Complete(
		reconcile.Func(func(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
			o := newObject()
			if err := c.Get(ctx, req.NamespacedName, o); err != nil {
				return reconcile.Result{}, client.IgnoreNotFound(err)
			}
			r.Handled(o.GetName(), o.GetAnnotations()[contender.SentAnnotation])
			return reconcile.Result{}, nil
		}))
	if err != nil {
		return err
	}
	return mgr.Start(ctrl.SetupSignalHandler())
}
