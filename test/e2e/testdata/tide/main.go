// Tide makes many ConfigMaps come and go, as fast as the server takes them. It is a program of its own because
// a client inside a test with the race detector is several times slower than the server.
//
//	tide KUBECONFIG come|leave NAMESPACES FIRST COUNT
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const clients = 32

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 5 {
		return fmt.Errorf("%d arguments, want 5", len(args))
	}
	var numbers [3]int
	for i := range numbers {
		var err error
		if numbers[i], err = strconv.Atoi(args[2+i]); err != nil {
			return err
		}
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", args[0])
	if err != nil {
		return err
	}
	cfg.QPS = -1
	cfg.ContentType = runtime.ContentTypeProtobuf
	c, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	t := tide{client: c, namespaces: numbers[0], first: numbers[1], count: numbers[2]}
	if args[1] == "come" {
		return t.come(context.Background())
	}
	return t.each(t.count, func(i int) error { return t.leave(context.Background(), i) })
}

type tide struct {
	client                   kubernetes.Interface
	namespaces, first, count int
}

// object is the i-th: its namespace and its name, of 16 and 32 bytes.
func (t *tide) object(i int) (namespace, name string) {
	return fmt.Sprintf("tide-namespace-%d", i%t.namespaces), fmt.Sprintf("n-%030d", t.first+i)
}

func (t *tide) come(ctx context.Context) error {
	for i := range t.namespaces {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("tide-namespace-%d", i)}}
		_, err := t.client.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	return t.each(t.count, func(i int) error {
		namespace, name := t.object(i)
		cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"e2e": "tide"}}}
		_, err := t.client.CoreV1().ConfigMaps(namespace).Create(ctx, cm, metav1.CreateOptions{})
		return err
	})
}

func (t *tide) leave(ctx context.Context, i int) error {
	namespace, name := t.object(i)
	return t.client.CoreV1().ConfigMaps(namespace).Delete(ctx, name, metav1.DeleteOptions{})
}

// each does something for all numbers below n, many at once, and says how far it is.
func (t *tide) each(n int, do func(i int) error) error {
	var next, done atomic.Int64
	var group sync.WaitGroup
	errs := make(chan error, clients)
	for range clients {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					errs <- err
					return
				}
				if d := done.Add(1); d%20_000 == 0 {
					fmt.Println(d, "of", n)
				}
			}
		})
	}
	group.Wait()
	close(errs)
	return <-errs // nil if there is none
}
