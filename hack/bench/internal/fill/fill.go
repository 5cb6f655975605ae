package fill

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
	"github.com/ancho-dev/ancho/hack/bench/internal/widget"
)

// writers is how many requests are under way at a time.
const writers = 16

// Filler fills one control plane.
type Filler struct {
	clients *kubernetes.Clientset
	widgets *rest.RESTClient
	done    atomic.Int64
}

// New connects to a control plane as cfg says.
func New(cfg *rest.Config) (*Filler, error) {
	cfg = rest.CopyConfig(cfg)
	cfg.WarningHandler = rest.NoWarnings{}
	proto := rest.CopyConfig(cfg)
	proto.ContentType = runtime.ContentTypeProtobuf
	proto.UserAgent = "kube-controller-manager" // the first name is that of the manager in managedFields
	clients, err := kubernetes.NewForConfig(proto)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(widget.AddToScheme(scheme), apiextensionsv1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("types of the benchmark: %w", err)
	}
	custom := rest.CopyConfig(cfg)
	custom.GroupVersion, custom.APIPath = &widget.GroupVersion, "/apis"
	custom.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	widgets, err := rest.RESTClientFor(custom)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &Filler{clients: clients, widgets: widgets}, nil
}

// Done is how many objects have been written by the call that runs, for a display of progress.
func (f *Filler) Done() int { return int(f.done.Load()) }

// Namespaces creates the namespaces.
func (f *Filler) Namespaces(ctx context.Context) error {
	return f.each(ctx, Namespaces, func(ctx context.Context, i int) error {
		_, err := f.clients.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: Namespace(i)}}, metav1.CreateOptions{})
		return err
	})
}

// Pods creates n Pods, each of them running as far as its status says.
func (f *Filler) Pods(ctx context.Context, n int) error {
	return f.each(ctx, n, func(ctx context.Context, i int) error {
		pods := f.clients.CoreV1().Pods(namespaceOf(i, n))
		p, err := pods.Create(ctx, Pod(i, n), metav1.CreateOptions{})
		if err != nil {
			return err
		}
		p.Status = status(p)
		_, err = pods.UpdateStatus(ctx, p, metav1.UpdateOptions{FieldManager: "kubelet"})
		return err
	})
}

// Widgets creates n custom resources; their definition has to be there.
func (f *Filler) Widgets(ctx context.Context, n int) error {
	return f.each(ctx, n, func(ctx context.Context, i int) error {
		w := Widget(i, n)
		return f.widgets.Post().Namespace(w.Namespace).Resource(widget.Plural).Body(w).Do(ctx).Error()
	})
}

// attempts is how often a change is tried: on a machine that is busy with other things, connections die.
const attempts = 3

// Touch changes Pod i of n, and notes in it when.
func (f *Filler) Touch(ctx context.Context, i, n int) (err error) {
	for range attempts {
		patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:"%d"}}}`, contender.SentAnnotation, time.Now().UnixNano())
		err = f.clients.CoreV1().RESTClient().Patch(types.MergePatchType).Namespace(namespaceOf(i, n)).
			Resource(contender.Pods).Name(nameOf("web", i)).Body([]byte(patch)).Do(ctx).Error()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
	return fmt.Errorf("change object %d: %w", i, err)
}

// Metrics is what the server says of itself.
func (f *Filler) Metrics(ctx context.Context) ([]byte, error) {
	return f.clients.RESTClient().Get().AbsPath("/metrics").SetHeader("Accept", "text/plain").DoRaw(ctx)
}

// each does n things, several at a time, until the first that fails.
func (f *Filler) each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	f.done.Store(0)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || ctx.Err() != nil {
					return
				}
				if err := do(ctx, i); err != nil {
					cancel(fmt.Errorf("write object %d: %w", i, err))
					return
				}
				f.done.Add(1)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
