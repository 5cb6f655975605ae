//go:build e2e

package e2e

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	webapp "github.com/ancho-dev/ancho/examples/03-webapp"
	v1 "github.com/ancho-dev/ancho/examples/03-webapp/api/v1"
	"github.com/ancho-dev/ancho/examples/03-webapp/crd"
	"github.com/ancho-dev/ancho/examples/03-webapp/parts"
	"github.com/ancho-dev/ancho/internal/manifests"
	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// The operator of the examples, and the same one written with controller-runtime, do the same: that is what makes their
// lines comparable.
func TestWebApp(t *testing.T) {
	env := ownCluster(t, testenv.Options{})
	c := webAppClient(t, env)
	t.Run("Ancho", func(t *testing.T) {
		p := run(t, deployedConfig(t, env, c), runtime.Options{Capabilities: []capability.Func{webapp.Capability}})
		testWebApp(t, c)
		if log := p.log.String(); strings.Contains(log, "orbidden") {
			t.Errorf("a right is missing:\n%s", log)
		}
	})
	t.Run("controller-runtime", func(t *testing.T) {
		startComparison(t, env)
		testWebApp(t, c)
	})
}

// deployedConfig applies what config/ deploys, and returns a configuration that has the rights of the ServiceAccount in it
// and no other. The Deployment in it starts nothing, as there is nobody who makes Pods.
func deployedConfig(t *testing.T, env *testenv.Env, c client.Client) *rest.Config {
	t.Helper()
	objects, err := manifests.Read(filepath.Join("..", "..", "config"))
	must(t, err)
	token := &authenticationv1.TokenRequest{}
	cfg := rest.AnonymousClientConfig(env.Config)
	for _, o := range objects {
		if o.GetKind() == "CustomResourceDefinition" {
			continue // it is there
		}
		must(t, c.Create(t.Context(), o))
		if o.GetKind() == "ServiceAccount" {
			account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: o.GetNamespace(), Name: o.GetName()}}
			must(t, c.SubResource("token").Create(t.Context(), account, token))
		}
	}
	cfg.BearerToken = token.Status.Token
	return cfg
}

// webAppClient has the server serve WebApps, and returns a client that knows them.
func webAppClient(t *testing.T, env *testenv.Env) client.Client {
	t.Helper()
	s := apiruntime.NewScheme()
	for _, add := range []func(*apiruntime.Scheme) error{scheme.AddToScheme, apiextensionsv1.AddToScheme, v1.AddToScheme} {
		must(t, add(s))
	}
	c, err := client.New(env.Config, client.Options{Scheme: s})
	must(t, err)
	definition := &apiextensionsv1.CustomResourceDefinition{}
	must(t, yaml.UnmarshalStrict(crd.WebApps, definition))
	must(t, c.Create(t.Context(), definition))
	waitUntil(t, "WebApps served", func() bool { return c.List(t.Context(), &v1.WebAppList{}) == nil })
	return c
}

// startComparison builds and runs the program with controller-runtime, until the test ends.
func startComparison(t *testing.T, env *testenv.Env) {
	t.Helper()
	dir := t.TempDir()
	bin, kubeconfig := filepath.Join(dir, "webapp"), filepath.Join(dir, "kubeconfig")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "./webapp")
	build.Dir = filepath.Join("..", "..", "hack", "compare")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	must(t, os.WriteFile(kubeconfig, env.Kubeconfig(), 0o600))
	cmd := exec.CommandContext(context.Background(), bin,
		"--kubeconfig", kubeconfig, "--metrics-bind-address", "0", "--health-probe-bind-address", "0")
	log := &output{}
	cmd.Stderr = log
	must(t, cmd.Start())
	t.Cleanup(func() {
		must(t, cmd.Process.Signal(syscall.SIGTERM))
		if err := cmd.Wait(); err != nil {
			t.Errorf("it ended with %v", err)
		}
		if t.Failed() {
			t.Logf("its log:\n%s", log)
		}
	})
}

// appTest is one WebApp and what is looked at of it.
type appTest struct {
	client.Client

	t  *testing.T
	ns string
}

func testWebApp(t *testing.T, c client.Client) {
	t.Helper()
	a := &appTest{Client: c, t: t, ns: newNamespace(t, c)}
	app := &v1.WebApp{
		ObjectMeta: metav1.ObjectMeta{Namespace: a.ns, Name: "shop"},
		Spec: v1.WebAppSpec{
			Image: "example.com/shop:1", Replicas: new(int32(2)), Port: 8080, Secret: "keys", Host: a.ns + ".example.com",
			Settings: map[string]string{"COLOUR": "green"},
		},
	}
	create(t, c, app)
	a.waits(v1.ReasonSecretMissing)
	create(t, c, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: a.ns, Name: "keys"}, StringData: map[string]string{"KEY": "one"}})
	a.waits(v1.ReasonProgressing)
	a.wantParts()
	a.testStatus()
	a.testHealing()
	a.testRevisions()
	a.testHost()
	a.testDeletion()
}

// get reads an object of the name of the WebApp.
func (a *appTest) get(o client.Object) error {
	return a.Get(a.t.Context(), client.ObjectKey{Namespace: a.ns, Name: "shop"}, o)
}

// waits returns when the condition Ready of the WebApp's latest generation has a reason.
func (a *appTest) waits(reason string) {
	a.t.Helper()
	app := &v1.WebApp{}
	waitUntil(a.t, "the WebApp is "+reason, func() bool {
		must(a.t, a.get(app))
		c := meta.FindStatusCondition(app.Status.Conditions, v1.Ready)
		return c != nil && c.Reason == reason && app.Status.ObservedGeneration == app.Generation
	})
	if !slices.Contains(app.Finalizers, webapp.Finalizer) {
		a.t.Errorf("the WebApp is reconciled without the finalizer: %v", app.Finalizers)
	}
}

func (a *appTest) wantParts() {
	a.t.Helper()
	app := &v1.WebApp{}
	must(a.t, a.get(app))
	for _, o := range []client.Object{&appsv1.Deployment{}, &corev1.Service{}, &corev1.ConfigMap{}} {
		must(a.t, a.get(o))
		if !metav1.IsControlledBy(o, app) {
			a.t.Errorf("%T is not owned by the WebApp: %v", o, o.GetOwnerReferences())
		}
	}
	if got := a.zone()[app.Spec.Host]; got != "shop."+a.ns+".svc" {
		a.t.Errorf("the host leads to %q", got)
	}
}

// zone is what is published.
func (a *appTest) zone() map[string]string {
	a.t.Helper()
	zone := &corev1.ConfigMap{}
	must(a.t, a.Get(a.t.Context(), client.ObjectKey{Namespace: parts.ZoneNamespace, Name: parts.ZoneName}, zone))
	return zone.Data
}

// testStatus plays the controller of Deployments. A change of the Deployment's status wakes the WebApp.
func (a *appTest) testStatus() {
	a.t.Helper()
	d := &appsv1.Deployment{}
	must(a.t, a.get(d))
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: 2, UpdatedReplicas: 2, ReadyReplicas: 2, AvailableReplicas: 2}
	must(a.t, a.Status().Update(a.t.Context(), d))
	a.waits(v1.ReasonAvailable)
	for _, reason := range []string{v1.ReasonSecretMissing, v1.ReasonProgressing, v1.ReasonAvailable} {
		waitUntil(a.t, "an Event says "+reason, func() bool { return slices.Contains(a.events(), reason) })
	}
}

// events are the reasons of the Kubernetes Events about the WebApp.
func (a *appTest) events() (out []string) {
	a.t.Helper()
	var all eventsv1.EventList
	must(a.t, a.List(a.t.Context(), &all, client.InNamespace(a.ns)))
	for i := range all.Items {
		if e := &all.Items[i]; e.Regarding.Kind == "WebApp" && e.Regarding.Name == "shop" {
			out = append(out, e.Reason)
		}
	}
	return out
}

// testHealing deletes and changes what the WebApp owns.
func (a *appTest) testHealing() {
	a.t.Helper()
	for _, o := range []client.Object{&appsv1.Deployment{}, &corev1.Service{}, &corev1.ConfigMap{}} {
		must(a.t, a.get(o))
		old := o.GetUID()
		must(a.t, a.Delete(a.t.Context(), o))
		waitUntil(a.t, "what was deleted is there again", func() bool { return a.get(o) == nil && o.GetUID() != old })
	}
	a.waits(v1.ReasonProgressing) // a new Deployment

	d := &appsv1.Deployment{}
	must(a.t, a.get(d))
	edit(a.t, a.Client, d, func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = "example.com/other" })
	waitUntil(a.t, "the image is as declared", func() bool {
		must(a.t, a.get(d))
		return d.Spec.Template.Spec.Containers[0].Image == "example.com/shop:1"
	})
	s := &corev1.Service{}
	must(a.t, a.get(s))
	edit(a.t, a.Client, s, func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "other"} })
	waitUntil(a.t, "the selector is as declared", func() bool {
		must(a.t, a.get(s))
		return s.Spec.Selector["app.kubernetes.io/name"] == "shop"
	})
	cm := &corev1.ConfigMap{}
	must(a.t, a.get(cm))
	edit(a.t, a.Client, cm, func(cm *corev1.ConfigMap) { cm.Data["COLOUR"], cm.Data["MINE"] = "red", "yes" })
	waitUntil(a.t, "the settings are as declared", func() bool {
		must(a.t, a.get(cm))
		return cm.Data["COLOUR"] == "green"
	})
	if cm.Data["MINE"] != "yes" {
		a.t.Errorf("the key of another manager is gone: %v", cm.Data)
	}
}

// testRevisions changes what the Pods' environment is made of: each time they are replaced.
func (a *appTest) testRevisions() {
	a.t.Helper()
	d := &appsv1.Deployment{}
	revision := func() string {
		must(a.t, a.get(d))
		return d.Spec.Template.Annotations[parts.RevisionAnnotation]
	}
	first := revision()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: a.ns, Name: "keys"}}
	must(a.t, a.Get(a.t.Context(), keyOf(secret), secret))
	edit(a.t, a.Client, secret, func(s *corev1.Secret) { s.Data["KEY"] = []byte("two") })
	waitUntil(a.t, "a changed Secret makes a revision", func() bool { return revision() != first })

	second := revision()
	app := &v1.WebApp{}
	must(a.t, a.get(app))
	edit(a.t, a.Client, app, func(app *v1.WebApp) { app.Spec.Settings["COLOUR"] = "blue" })
	waitUntil(a.t, "changed settings make a revision", func() bool { return revision() != second })
	a.waits(v1.ReasonProgressing)

	must(a.t, a.Delete(a.t.Context(), secret))
	a.waits(v1.ReasonSecretMissing)
	secret = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: a.ns, Name: "keys"}}
	create(a.t, a.Client, secret)
	a.waits(v1.ReasonProgressing)
}

// testHost has a second WebApp want the first one's host.
func (a *appTest) testHost() {
	a.t.Helper()
	before := a.zone()
	second := &v1.WebApp{ObjectMeta: metav1.ObjectMeta{Namespace: a.ns, Name: "copy"}, Spec: v1.WebAppSpec{Image: "example.com/copy:1", Host: a.ns + ".example.com"}}
	create(a.t, a.Client, second)
	waitUntil(a.t, "the second WebApp is told that the host is taken", func() bool {
		must(a.t, a.Get(a.t.Context(), keyOf(second), second))
		c := meta.FindStatusCondition(second.Status.Conditions, v1.Ready)
		return c != nil && c.Reason == v1.ReasonHostTaken
	})
	must(a.t, a.Delete(a.t.Context(), second))
	waitUntil(a.t, "the second WebApp is gone", func() bool {
		return apierrors.IsNotFound(a.Get(a.t.Context(), keyOf(second), second))
	})
	if got := a.zone(); !maps.Equal(got, before) {
		a.t.Errorf("the second WebApp changed the zone: %v, before %v", got, before)
	}
}

// testDeletion deletes the WebApp, which another finalizer keeps.
func (a *appTest) testDeletion() {
	a.t.Helper()
	const foreign = "example.com/somebody-else"
	app := &v1.WebApp{}
	must(a.t, a.get(app))
	edit(a.t, a.Client, app, func(app *v1.WebApp) { app.Finalizers = append(app.Finalizers, foreign) })
	must(a.t, a.Delete(a.t.Context(), app))
	waitUntil(a.t, "the finalizer is off", func() bool {
		must(a.t, a.get(app))
		return !slices.Contains(app.Finalizers, webapp.Finalizer)
	})
	if !slices.Equal(app.Finalizers, []string{foreign}) {
		a.t.Errorf("finalizers left: %v", app.Finalizers)
	}
	if got, ok := a.zone()[app.Spec.Host]; ok {
		a.t.Errorf("the host still leads to %q", got)
	}
	edit(a.t, a.Client, app, func(app *v1.WebApp) { app.Finalizers = nil })
	waitUntil(a.t, "the WebApp is gone", func() bool { return apierrors.IsNotFound(a.get(app)) })
}
