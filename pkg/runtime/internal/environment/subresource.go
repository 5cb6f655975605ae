package environment

import (
	"context"

	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// subResourceClient is callbackClient for one subresource, such as status, scale or eviction. The object's own kind decides the path.
type subResourceClient struct {
	of   *callbackClient
	name string
}

// Get implements client.SubResourceClient.
func (s subResourceClient) Get(ctx context.Context, obj, sub client.Object, opts ...client.SubResourceGetOption) error {
	return s.do(ctx, obj, func(in client.SubResourceClient) error { return in.Get(ctx, obj, sub, opts...) })
}

// Create implements client.SubResourceClient.
func (s subResourceClient) Create(ctx context.Context, obj, sub client.Object, opts ...client.SubResourceCreateOption) error {
	return s.do(ctx, obj, func(in client.SubResourceClient) error { return in.Create(ctx, obj, sub, opts...) })
}

// Update implements client.SubResourceClient.
func (s subResourceClient) Update(ctx context.Context, obj client.Object, opts ...client.SubResourceUpdateOption) error {
	return s.do(ctx, obj, func(in client.SubResourceClient) error { return in.Update(ctx, obj, opts...) })
}

// Patch implements client.SubResourceClient.
func (s subResourceClient) Patch(ctx context.Context, obj client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
	return s.do(ctx, obj, func(in client.SubResourceClient) error { return in.Patch(ctx, obj, patch, opts...) })
}

// Apply implements client.SubResourceClient.
func (s subResourceClient) Apply(ctx context.Context, obj apiruntime.ApplyConfiguration, opts ...client.SubResourceApplyOption) error {
	return s.do(ctx, obj, func(in client.SubResourceClient) error { return in.Apply(ctx, obj, opts...) })
}

func (s subResourceClient) do(ctx context.Context, obj any, request func(client.SubResourceClient) error) error {
	return s.of.do(ctx, obj, func(in client.Client) error { return request(in.SubResource(s.name)) })
}
