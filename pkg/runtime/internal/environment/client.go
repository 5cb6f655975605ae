package environment

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/restmap"
)

// callbackClient is controller-runtime's client, but for how it finds the resource of a kind. That one discovers under a lock and
// without the caller's context, so that one request that waits for discovery stops the requests of all callbacks.
type callbackClient struct {
	scheme *apiruntime.Scheme
	mapper *restmap.Mapper
	make   func() (client.Client, error)
	inner  atomic.Pointer[client.Client] // replaced when a kind turns out to have another resource, since it remembers
}

var _ client.Client = (*callbackClient)(nil)

func newCallbackClient(cfg *rest.Config, h *http.Client, o client.Options) (*callbackClient, error) {
	m, err := restmap.New(cfg, h)
	if err != nil {
		return nil, err
	}
	o.HTTPClient, o.Mapper = h, m.Cached()
	c := &callbackClient{scheme: o.Scheme, mapper: m, make: func() (client.Client, error) { return client.New(cfg, o) }}
	if err := c.renew(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *callbackClient) renew() error {
	inner, err := c.make()
	if err == nil {
		c.inner.Store(&inner)
	}
	return err
}

// do makes a request about the kind of obj.
func (c *callbackClient) do(ctx context.Context, obj any, request func(client.Client) error) error {
	gvk, err := c.kindOf(obj)
	if err != nil {
		return request(*c.inner.Load()) // which says what is wrong
	}
	if _, err := c.mapper.Resolve(ctx, gvk); err != nil {
		return err
	}
	err = request(*c.inner.Load())
	if !notServed(err) {
		return err
	}
	changed, failed := c.mapper.Verify(ctx, gvk)
	switch {
	case meta.IsNoMatchError(failed): // not that the object is absent
		return fmt.Errorf("%w: %s", failed, err.Error())
	case failed != nil || !changed:
		return err
	}
	if err := c.renew(); err != nil {
		return err
	}
	return request(*c.inner.Load())
}

// notServed tells whether the answer is about the resource, and not about an object: an API server's answer to the latter
// is a Status that names it.
func notServed(err error) bool {
	if !apierrors.IsNotFound(err) {
		return false
	}
	status, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok {
		return false
	}
	d := status.ErrStatus.Details
	return d == nil || d.Name == "" || apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

// kindOf is the kind of an object, of a list's items, or of a configuration for Apply.
func (c *callbackClient) kindOf(obj any) (schema.GroupVersionKind, error) {
	switch o := obj.(type) {
	case apiruntime.Object:
		gvk, err := apiutil.GVKForObject(o, c.scheme)
		if err == nil && meta.IsListType(o) {
			gvk.Kind = strings.TrimSuffix(gvk.Kind, "List")
		}
		return gvk, err
	case interface {
		GetKind() *string
		GetAPIVersion() *string
	}:
		k, v := o.GetKind(), o.GetAPIVersion()
		if k == nil || v == nil {
			return schema.GroupVersionKind{}, apiruntime.NewMissingKindErr("apply configuration")
		}
		gv, err := schema.ParseGroupVersion(*v)
		return gv.WithKind(*k), err
	}
	return schema.GroupVersionKind{}, apiruntime.NewMissingKindErr("object")
}

// Get implements client.Client.
func (c *callbackClient) Get(ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	return c.do(ctx, obj, func(in client.Client) error { return in.Get(ctx, key, obj, opts...) })
}

// List implements client.Client.
func (c *callbackClient) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	return c.do(ctx, list, func(in client.Client) error { return in.List(ctx, list, opts...) })
}

// Apply implements client.Client.
func (c *callbackClient) Apply(ctx context.Context, obj apiruntime.ApplyConfiguration, opts ...client.ApplyOption) error {
	return c.do(ctx, obj, func(in client.Client) error { return in.Apply(ctx, obj, opts...) })
}

// Create implements client.Client.
func (c *callbackClient) Create(ctx context.Context, obj client.Object, opts ...client.CreateOption) error {
	return c.do(ctx, obj, func(in client.Client) error { return in.Create(ctx, obj, opts...) })
}

// Delete implements client.Client.
func (c *callbackClient) Delete(ctx context.Context, obj client.Object, opts ...client.DeleteOption) error {
	return c.do(ctx, obj, func(in client.Client) error { return in.Delete(ctx, obj, opts...) })
}

// Update implements client.Client.
func (c *callbackClient) Update(ctx context.Context, obj client.Object, opts ...client.UpdateOption) error {
	return c.do(ctx, obj, func(in client.Client) error { return in.Update(ctx, obj, opts...) })
}

// Patch implements client.Client.
func (c *callbackClient) Patch(ctx context.Context, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
	return c.do(ctx, obj, func(in client.Client) error { return in.Patch(ctx, obj, patch, opts...) })
}

// DeleteAllOf implements client.Client.
func (c *callbackClient) DeleteAllOf(ctx context.Context, obj client.Object, opts ...client.DeleteAllOfOption) error {
	return c.do(ctx, obj, func(in client.Client) error { return in.DeleteAllOf(ctx, obj, opts...) })
}

// Status implements client.Client.
func (c *callbackClient) Status() client.SubResourceWriter { return c.SubResource("status") }

// SubResource implements client.Client.
func (c *callbackClient) SubResource(name string) client.SubResourceClient {
	return subResourceClient{c, name}
}

// Scheme implements client.Client.
func (c *callbackClient) Scheme() *apiruntime.Scheme { return c.scheme }

// RESTMapper implements client.Client.
func (c *callbackClient) RESTMapper() meta.RESTMapper { return c.mapper }

// GroupVersionKindFor implements client.Client.
func (c *callbackClient) GroupVersionKindFor(obj apiruntime.Object) (schema.GroupVersionKind, error) {
	return apiutil.GVKForObject(obj, c.scheme)
}

// IsObjectNamespaced implements client.Client.
func (c *callbackClient) IsObjectNamespaced(obj apiruntime.Object) (bool, error) {
	return apiutil.IsObjectNamespaced(obj, c.scheme, c.mapper)
}
