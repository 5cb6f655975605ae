//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// custom is a custom kind to be served, with a schema that lets everything through.
type custom struct {
	kind    schema.GroupVersionKind
	plural  string
	cluster bool // cluster-scoped
	status  bool // with a status subresource
}

// serve defines a custom kind and waits until the server serves it.
func serve(t *testing.T, cfg *rest.Config, k custom) {
	t.Helper()
	scheme := apiruntime.NewScheme() // the default one is shared by all tests
	must(t, apiextensionsv1.AddToScheme(scheme))
	c, err := client.New(cfg, client.Options{Scheme: scheme})
	must(t, err)
	yes := true
	version := apiextensionsv1.CustomResourceDefinitionVersion{Name: k.kind.Version, Served: true, Storage: true,
		Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{
			Type: "object", XPreserveUnknownFields: &yes,
		}},
	}
	if k.status {
		version.Subresources = &apiextensionsv1.CustomResourceSubresources{Status: &apiextensionsv1.CustomResourceSubresourceStatus{}}
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	crd.Name = k.plural + "." + k.kind.Group
	crd.Spec.Group = k.kind.Group
	crd.Spec.Scope = apiextensionsv1.NamespaceScoped
	if k.cluster {
		crd.Spec.Scope = apiextensionsv1.ClusterScoped
	}
	crd.Spec.Names = apiextensionsv1.CustomResourceDefinitionNames{
		Plural: k.plural, Singular: strings.ToLower(k.kind.Kind), Kind: k.kind.Kind,
	}
	crd.Spec.Versions = []apiextensionsv1.CustomResourceDefinitionVersion{version}
	must(t, c.Create(t.Context(), crd))
	t.Cleanup(func() {
		ctx := context.Background()
		must(t, client.IgnoreNotFound(c.Delete(ctx, crd))) // the test may have
		waitUntil(t, k.plural+" gone", func() bool { return apierrors.IsNotFound(c.Get(ctx, keyOf(crd), crd)) })
	})
	waitUntil(t, k.plural+" served", func() bool {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(k.kind.GroupVersion().WithKind(k.kind.Kind + "List"))
		return c.List(t.Context(), list) == nil
	})
}
