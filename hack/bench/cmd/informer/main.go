// Command informer is client-go in the benchmark: an informer, a work queue and a lister, as client-go's own
// example of a controller puts them together. Pods come as protobuf, custom resources as maps.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/workqueue"

	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
)

func main() {
	r, task := contender.Start()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, r, task); err != nil {
		contender.Fail(err)
	}
}

// controller is what a contender for one kind consists of.
type controller struct {
	informer cache.SharedIndexInformer
	start    func(stop <-chan struct{})
	handle   func(namespace, name string) error
}

func run(ctx context.Context, r *contender.Run, task contender.Task) error {
	cfg := &rest.Config{Host: task.Server}
	if task.Kubeconfig != "" {
		var err error
		if cfg, err = clientcmd.BuildConfigFromFlags("", task.Kubeconfig); err != nil {
			return err
		}
	}
	build := pods
	if task.Kind == contender.Widgets {
		build = widgets
	}
	c, err := build(cfg, r)
	if err != nil {
		return err
	}
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[cache.ObjectName]())
	defer queue.ShutDown()
	enqueue := func(o any) {
		if key, err := cache.DeletionHandlingObjectToName(o); err == nil {
			queue.Add(key)
		}
	}
	if _, err := c.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    enqueue,
		UpdateFunc: func(_, o any) { enqueue(o) },
		DeleteFunc: enqueue,
	}); err != nil {
		return err
	}
	c.start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), c.informer.HasSynced) {
		return errors.New("the cache did not become complete")
	}
	go work(queue, c.handle)
	<-ctx.Done()
	return nil
}

func work(queue workqueue.TypedRateLimitingInterface[cache.ObjectName], handle func(namespace, name string) error) {
	for {
		key, stop := queue.Get()
		if stop {
			return
		}
		if err := handle(key.Namespace, key.Name); err != nil {
			queue.AddRateLimited(key)
		} else {
			queue.Forget(key)
		}
		queue.Done(key)
	}
}

func pods(cfg *rest.Config, r *contender.Run) (*controller, error) {
	proto := rest.CopyConfig(cfg)
	proto.ContentType = "application/vnd.kubernetes.protobuf"
	proto.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	clients, err := kubernetes.NewForConfig(proto)
	if err != nil {
		return nil, err
	}
	factory := informers.NewSharedInformerFactory(clients, 10*time.Hour)
	in := factory.Core().V1().Pods()
	c := &controller{informer: in.Informer(), start: factory.Start}
	lister := in.Lister()
	c.handle = func(namespace, name string) error { return handlePod(lister, r, namespace, name) }
	return c, nil
}

func handlePod(lister corelisters.PodLister, r *contender.Run, namespace, name string) error {
	var p *corev1.Pod
	p, err := lister.Pods(namespace).Get(name)
	if err != nil {
		return nil //nolint:nilerr // it is gone
	}
	p = p.DeepCopy() // what is in the cache is not to be changed
	r.Handled(p.Name, p.Annotations[contender.SentAnnotation])
	return nil
}

func widgets(cfg *rest.Config, r *contender.Run) (*controller, error) {
	client, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return nil, err
	}
	factory := dynamicinformer.NewDynamicSharedInformerFactory(client, 10*time.Hour)
	in := factory.ForResource(schema.GroupVersionResource{Group: "bench.ancho.dev", Version: "v1", Resource: contender.Widgets})
	c := &controller{informer: in.Informer(), start: factory.Start}
	lister := in.Lister()
	c.handle = func(namespace, name string) error {
		o, err := lister.ByNamespace(namespace).Get(name)
		if err != nil {
			return nil //nolint:nilerr // it is gone
		}
		u, ok := o.DeepCopyObject().(*unstructured.Unstructured)
		if !ok {
			return errors.New("not an unstructured object")
		}
		r.Handled(u.GetName(), u.GetAnnotations()[contender.SentAnnotation])
		return nil
	}
	return c, nil
}
