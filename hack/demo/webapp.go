package main

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/ancho-dev/ancho/examples/03-webapp/api/v1"
	"github.com/ancho-dev/ancho/examples/03-webapp/crd"
	"github.com/ancho-dev/ancho/examples/03-webapp/parts"
)

const (
	shop     = "shop"
	shopHost = "shop.example.com"
	shopKeys = "shop-keys"
)

// install has the server serve WebApps, and makes room for their hosts.
func (d *demo) install(ctx context.Context) error {
	s := apiruntime.NewScheme()
	for _, add := range []func(*apiruntime.Scheme) error{scheme.AddToScheme, apiextensionsv1.AddToScheme, v1.AddToScheme} {
		if err := add(s); err != nil {
			return fmt.Errorf("register kinds: %w", err)
		}
	}
	var err error
	if d.objects, err = client.New(d.env.Config, client.Options{Scheme: s}); err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	definition := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(crd.WebApps, definition); err != nil {
		return fmt.Errorf("read the definition of WebApps: %w", err)
	}
	zone := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: parts.ZoneNamespace}}
	for _, o := range []client.Object{definition, zone} {
		if err := d.objects.Create(ctx, o); err != nil {
			return fmt.Errorf("create %s: %w", o.GetName(), err)
		}
	}
	d.screen.didf("installed the custom kind WebApp (examples/03-webapp/crd), created Namespace %s", parts.ZoneNamespace)
	return nil
}

// webapp shows an operator: what it owns, what it uses, and what it cleans up.
func (d *demo) webapp(ctx context.Context) error {
	d.screen.chapter(`Capability "webapp": an operator that keeps a Deployment, a Service and a ConfigMap as declared`)
	for _, part := range []func(context.Context) error{
		d.createApp, d.createSecret, d.deleteDeployment, d.changeService, d.changeSecret, d.deleteApp,
	} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ofApp is a line of the capability "webapp" about the WebApp in a state.
func ofApp(event, state string) want {
	return want{
		capability: "webapp", msg: "the web app is as declared", object: namespace + "/" + shop, event: event, key: "state", text: state,
	}
}

func (d *demo) createApp(ctx context.Context) error {
	d.step()
	app := &v1.WebApp{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: shop},
		Spec: v1.WebAppSpec{
			Image: "example.com/shop:1", Replicas: new(int32(2)), Host: shopHost, Secret: shopKeys,
			Settings: map[string]string{"COLOUR": "green"},
		},
	}
	if err := d.objects.Create(ctx, app); err != nil {
		return fmt.Errorf("create the WebApp: %w", err)
	}
	d.screen.didf("created WebApp demo/shop for the host %s, with a Secret that is not there yet", shopHost)
	return d.expect(ctx, ofApp("Added", v1.ReasonSecretMissing))
}

func (d *demo) createSecret(ctx context.Context) error {
	d.step()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: shopKeys}, StringData: map[string]string{"KEY": "one"}}
	if err := d.objects.Create(ctx, secret); err != nil {
		return fmt.Errorf("create the Secret: %w", err)
	}
	d.screen.didf("created the Secret that it uses")
	if err := d.expect(ctx, ofApp("Unchanged", v1.ReasonProgressing)); err != nil {
		return err
	}
	for _, o := range []client.Object{&appsv1.Deployment{}, &corev1.Service{}, &corev1.ConfigMap{}} {
		if err := d.ofShop(ctx, o); err != nil {
			return fmt.Errorf("expected that the WebApp has a %T: %w", o, err)
		}
	}
	d.screen.sawf("cluster", "Deployment, Service and ConfigMap demo/shop are there, owned by the WebApp; %s leads to %s", shopHost, d.record(ctx))
	return nil
}

func (d *demo) deleteDeployment(ctx context.Context) error {
	d.step()
	deployment := &appsv1.Deployment{}
	if err := d.ofShop(ctx, deployment); err != nil {
		return fmt.Errorf("read the Deployment: %w", err)
	}
	old := deployment.UID
	if err := d.objects.Delete(ctx, deployment); err != nil {
		return fmt.Errorf("delete the Deployment: %w", err)
	}
	d.screen.didf("as somebody else, deleted the Deployment")
	return d.heals(ctx, "another Deployment is in its place", deployment, func() bool { return deployment.UID != old })
}

func (d *demo) changeService(ctx context.Context) error {
	d.step()
	service := &corev1.Service{}
	service.Namespace, service.Name = namespace, shop
	patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"selector":{"app.kubernetes.io/name":"other"}}}`))
	if err := d.objects.Patch(ctx, service, patch, client.FieldOwner("somebody")); err != nil {
		return fmt.Errorf("change the Service: %w", err)
	}
	d.screen.didf("as somebody else, had the Service lead to other Pods")
	return d.heals(ctx, "the Service leads to the WebApp's Pods again", service, func() bool {
		return service.Spec.Selector["app.kubernetes.io/name"] == shop
	})
}

func (d *demo) changeSecret(ctx context.Context) error {
	d.step()
	deployment := &appsv1.Deployment{}
	if err := d.ofShop(ctx, deployment); err != nil {
		return fmt.Errorf("read the Deployment: %w", err)
	}
	revision := func() string { return deployment.Spec.Template.Annotations[parts.RevisionAnnotation] }
	old := revision()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: shopKeys}}
	if err := d.objects.Patch(ctx, secret, client.RawPatch(types.MergePatchType, []byte(`{"stringData":{"KEY":"two"}}`))); err != nil {
		return fmt.Errorf("change the Secret: %w", err)
	}
	d.screen.didf("changed the Secret")
	return d.heals(ctx, "the Deployment has another revision, so its Pods are replaced", deployment, func() bool { return revision() != old })
}

func (d *demo) deleteApp(ctx context.Context) error {
	d.step()
	app := &v1.WebApp{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: shop}}
	if err := d.objects.Delete(ctx, app); err != nil {
		return fmt.Errorf("delete the WebApp: %w", err)
	}
	d.screen.didf("deleted the WebApp")
	if err := d.expect(ctx, want{capability: "webapp", msg: "took the host back", object: namespace + "/" + shop}); err != nil {
		return err
	}
	err := d.eventually(ctx, "the WebApp is gone", func(ctx context.Context) (bool, error) {
		err := d.ofShop(ctx, app)
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	})
	if err != nil {
		return err
	}
	if to := d.record(ctx); to != "" {
		return fmt.Errorf("expected that the host %s is free: it leads to %s", shopHost, to)
	}
	d.screen.sawf("cluster", "the WebApp is gone, and the host %s leads nowhere", shopHost)
	return nil
}

// heals waits until the program has made something as declared.
func (d *demo) heals(ctx context.Context, what string, o client.Object, holds func() bool) error {
	if err := d.expect(ctx, ofApp("Unchanged", v1.ReasonProgressing)); err != nil {
		return err
	}
	err := d.eventually(ctx, what, func(ctx context.Context) (bool, error) {
		err := d.ofShop(ctx, o)
		return err == nil && holds(), client.IgnoreNotFound(err)
	})
	if err == nil {
		d.screen.sawf("cluster", "%s", what)
	}
	return err
}

// ofShop reads what has the WebApp's name.
func (d *demo) ofShop(ctx context.Context, o client.Object) error {
	return d.objects.Get(ctx, client.ObjectKey{Namespace: namespace, Name: shop}, o)
}

// record is what the host leads to.
func (d *demo) record(ctx context.Context) string {
	zone := &corev1.ConfigMap{}
	if err := d.objects.Get(ctx, client.ObjectKey{Namespace: parts.ZoneNamespace, Name: parts.ZoneName}, zone); err != nil {
		return err.Error()
	}
	return zone.Data[shopHost]
}
