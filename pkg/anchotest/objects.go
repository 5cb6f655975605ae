package anchotest

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// Create creates objects, and namespaces that are not there. The objects are filled in with what the server made
// of them.
func (c *Cluster) Create(objects ...client.Object) {
	c.t.Helper()
	for _, o := range objects {
		c.namespace(o.GetNamespace())
		c.must("create", o, c.Client.Create(context.Background(), o))
	}
}

func (c *Cluster) namespace(name string) {
	c.t.Helper()
	if name == "" {
		return
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := c.Client.Create(context.Background(), ns); !apierrors.IsAlreadyExists(err) {
		c.must("create", ns, err)
	}
}

// Update replaces objects, all but their status.
func (c *Cluster) Update(objects ...client.Object) {
	c.t.Helper()
	for _, o := range objects {
		c.must("update", o, c.Client.Update(context.Background(), o))
	}
}

// UpdateStatus replaces the status of objects.
func (c *Cluster) UpdateStatus(objects ...client.Object) {
	c.t.Helper()
	for _, o := range objects {
		c.must("update the status of", o, c.Client.Status().Update(context.Background(), o))
	}
}

// Delete deletes objects by namespace and name. An object with finalizers stays until they are removed.
func (c *Cluster) Delete(objects ...client.Object) {
	c.t.Helper()
	for _, o := range objects {
		c.must("delete", o, c.Client.Delete(context.Background(), o))
	}
}

func (c *Cluster) must(do string, o client.Object, err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatalf("cannot %s %T %s: %v", do, o, client.ObjectKeyFromObject(o), err)
	}
}

// Get reads an object that has to be there. Of a cluster-scoped one the namespace is empty.
func Get[T kind.Object](c *Cluster, k kind.Source[T], namespace, name string) T {
	c.t.Helper()
	o, ok := Find(c, k, namespace, name)
	if !ok {
		c.t.Fatalf("there is no %s %s/%s", k.Resource().Kind, namespace, name)
	}
	return o
}

// Find reads an object, and says whether it is there.
func Find[T kind.Object](c *Cluster, k kind.Source[T], namespace, name string) (T, bool) {
	c.t.Helper()
	o := k.New()
	err := c.Client.Get(context.Background(), client.ObjectKey{Namespace: namespace, Name: name}, o)
	if apierrors.IsNotFound(err) {
		return o, false
	}
	if err != nil {
		c.t.Fatalf("cannot get %s %s/%s: %v", k.Resource().Kind, namespace, name, err)
	}
	return o, true
}

// Edit reads an object, has it changed, and updates it, all but its status. It returns what the server made of it.
func Edit[T kind.Object](c *Cluster, k kind.Source[T], namespace, name string, change func(T)) T {
	c.t.Helper()
	o := Get(c, k, namespace, name)
	change(o)
	c.Update(o)
	return o
}
