package webapp_test

import (
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	webapp "github.com/ancho-dev/ancho/examples/03-webapp"
	v1 "github.com/ancho-dev/ancho/examples/03-webapp/api/v1"
	"github.com/ancho-dev/ancho/examples/03-webapp/parts"
	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		os.Stderr.WriteString(err.Error() + "\n")
		code = 1
	}
	os.Exit(code)
}

// testApp runs the capability on an API server in memory, in virtual time.
func testApp(t *testing.T, test func(*testing.T, *anchotest.Cluster)) {
	synctest.Test(t, func(t *testing.T) {
		c := anchotest.Run(t, webapp.Capability)
		c.Create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: parts.ZoneNamespace}})
		test(t, c)
	})
}

func shop(change ...func(*v1.WebApp)) *v1.WebApp {
	app := &v1.WebApp{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "shop"},
		Spec: v1.WebAppSpec{
			Image: "example.com/shop:1", Replicas: new(int32(2)), Port: 8080, Host: "shop.example.com",
			Settings: map[string]string{"COLOUR": "green"},
		},
	}
	for _, f := range change {
		f(app)
	}
	return app
}

func usesKeys(app *v1.WebApp) { app.Spec.Secret = "keys" }

func keys() *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "keys"}, Data: map[string][]byte{"KEY": []byte("one")}}
}

func ready(t *testing.T, c *anchotest.Cluster, name string) metav1.Condition {
	t.Helper()
	app := anchotest.Get(c, webapp.WebApp, "demo", name)
	cond := meta.FindStatusCondition(app.Status.Conditions, v1.Ready)
	if cond == nil {
		t.Fatalf("the WebApp %s has no condition", name)
	}
	if app.Status.ObservedGeneration != app.Generation || cond.ObservedGeneration != app.Generation {
		t.Errorf("the status of generation %d is about %d", app.Generation, app.Status.ObservedGeneration)
	}
	return *cond
}

// available plays the controller of Deployments.
func available(c *anchotest.Cluster, n int32) {
	d := anchotest.Get(c, kind.Deployment, "demo", "shop")
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n}
	c.UpdateStatus(d)
	c.Settle()
}

func zone(c *anchotest.Cluster) map[string]string {
	return anchotest.Get(c, kind.ConfigMap, parts.ZoneNamespace, parts.ZoneName).Data
}

// What it writes for a WebApp is in testdata.
func TestWrites(t *testing.T) {
	testApp(t, func(_ *testing.T, c *anchotest.Cluster) {
		c.Create(shop())
		c.Settle()
		available(c, 2)
		c.Golden("testdata/shop.golden", c.YAML(webapp.WebApp, kind.Deployment, kind.Service, kind.ConfigMap))
	})
}

func TestStatusFollowsTheDeployment(t *testing.T) {
	testApp(t, func(t *testing.T, c *anchotest.Cluster) {
		c.Create(shop())
		c.Settle()
		if got := ready(t, c, "shop"); got.Reason != v1.ReasonProgressing {
			t.Errorf("at first: %+v", got)
		}
		available(c, 1)
		if got := ready(t, c, "shop"); got.Message != "1 of 2 copies answer" {
			t.Errorf("with one copy: %+v", got)
		}
		available(c, 2)
		if got := ready(t, c, "shop"); got.Status != metav1.ConditionTrue || got.Reason != v1.ReasonAvailable {
			t.Errorf("with both: %+v", got)
		}
	})
}

// Nothing is written where nothing has changed: neither its own status nor its own parts keep it busy.
func TestComesToRest(t *testing.T) {
	testApp(t, func(t *testing.T, c *anchotest.Cluster) {
		c.Create(shop())
		c.Settle()
		available(c, 2)
		calls := len(c.Calls("webapp/webapps"))
		time.Sleep(time.Hour)
		c.Settle()
		anchotest.Edit(c, webapp.WebApp, "demo", "shop", func(app *v1.WebApp) { app.Annotations = map[string]string{"mine": "yes"} })
		c.Settle()
		if got := len(c.Calls("webapp/webapps")); got != calls {
			t.Errorf("%d calls in an hour in which no spec and no part changed", got-calls)
		}
		events := told(t, c)
		before := anchotest.Get(c, webapp.WebApp, "demo", "shop").ResourceVersion
		anchotest.Edit(c, kind.ConfigMap, "demo", "shop", func(cm *corev1.ConfigMap) { cm.Annotations = map[string]string{"mine": "yes"} })
		c.Settle()
		if got := len(c.Calls("webapp/webapps")); got != calls+1 {
			t.Errorf("%d calls for a change of a part, want 1", got-calls)
		}
		if after := anchotest.Get(c, webapp.WebApp, "demo", "shop").ResourceVersion; after != before {
			t.Error("the same status was written again")
		}
		if after := told(t, c); !slices.Equal(after, events) {
			t.Errorf("Events of what has not changed: %q, before %q", after, events)
		}
	})
}

// heal has something of the WebApp broken, and looks that this woke it because of what it owns.
func heal(t *testing.T, c *anchotest.Cluster, broken func()) {
	t.Helper()
	before := len(c.Calls("webapp/webapps"))
	broken()
	c.Settle()
	calls := c.Calls("webapp/webapps")
	if len(calls) == before {
		t.Fatal("nobody was called")
	}
	if got := calls[before]; got.Type != capability.Unchanged {
		t.Errorf("called with %s", got.Type)
	}
}

func TestHeals(t *testing.T) {
	testApp(t, func(t *testing.T, c *anchotest.Cluster) {
		c.Create(shop())
		c.Settle()
		want := c.YAML(kind.Service, kind.ConfigMap)
		heal(t, c, func() { c.Delete(anchotest.Get(c, kind.Service, "demo", "shop")) })
		heal(t, c, func() { c.Delete(anchotest.Get(c, kind.ConfigMap, "demo", "shop")) })
		heal(t, c, func() {
			anchotest.Edit(c, kind.Service, "demo", "shop", func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "other"} })
		})
		heal(t, c, func() {
			anchotest.Edit(c, kind.ConfigMap, "demo", "shop", func(cm *corev1.ConfigMap) { cm.Data["COLOUR"] = "red" })
		})
		old := anchotest.Get(c, kind.Deployment, "demo", "shop")
		heal(t, c, func() { c.Delete(old) })
		if anchotest.Get(c, kind.Deployment, "demo", "shop").UID == old.UID {
			t.Error("the deleted Deployment is still there")
		}
		anchotest.Edit(c, kind.Service, "demo", "shop", func(s *corev1.Service) {
			if s.Spec.Selector["app.kubernetes.io/name"] != "shop" {
				t.Errorf("the Service leads to %v", s.Spec.Selector)
			}
		})
		if got := anchotest.Get(c, kind.ConfigMap, "demo", "shop").Data["COLOUR"]; got != "green" {
			t.Errorf("the colour is %s; before:\n%s", got, want)
		}
	})
}

func TestSecret(t *testing.T) {
	testApp(t, func(t *testing.T, c *anchotest.Cluster) {
		revision := func() string {
			return anchotest.Get(c, kind.Deployment, "demo", "shop").Spec.Template.Annotations[parts.RevisionAnnotation]
		}
		c.Create(shop(usesKeys))
		c.Settle()
		if got := ready(t, c, "shop"); got.Reason != v1.ReasonSecretMissing {
			t.Errorf("without its Secret: %+v", got)
		}
		if _, ok := anchotest.Find(c, kind.Deployment, "demo", "shop"); ok {
			t.Error("Pods were wanted that could not start")
		}
		c.Create(keys())
		c.Settle()
		if got := ready(t, c, "shop"); got.Reason != v1.ReasonProgressing {
			t.Errorf("with its Secret: %+v", got)
		}
		first := revision()
		anchotest.Edit(c, kind.Secret, "demo", "keys", func(s *corev1.Secret) { s.Data["KEY"] = []byte("two") })
		c.Settle()
		if revision() == first {
			t.Error("the Pods are not replaced")
		}
		calls := len(c.Calls("webapp/webapps"))
		c.Create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "other"}})
		c.Settle()
		if n := len(c.Calls("webapp/webapps")); n != calls {
			t.Error("called for a Secret that it does not use")
		}
	})
}

// A host is one WebApp's. Another one that wants it looks again, and has it when it is free.
func TestHost(t *testing.T) {
	testApp(t, func(t *testing.T, c *anchotest.Cluster) {
		c.Create(shop())
		c.Settle()
		c.Create(shop(func(app *v1.WebApp) { app.Name = "copy" }))
		c.Settle()
		if got := ready(t, c, "copy"); got.Reason != v1.ReasonHostTaken {
			t.Errorf("the second: %+v", got)
		}
		if got := zone(c)["shop.example.com"]; got != "shop.demo.svc" {
			t.Errorf("the host leads to %q", got)
		}
		anchotest.Edit(c, webapp.WebApp, "demo", "shop", func(app *v1.WebApp) { app.Spec.Host = "new.example.com" })
		c.Settle()
		time.Sleep(time.Minute)
		c.Settle()
		if got := ready(t, c, "copy"); got.Reason != v1.ReasonProgressing {
			t.Errorf("the second, when the host is free: %+v", got)
		}
		if got := zone(c); len(got) != 2 || got["shop.example.com"] != "copy.demo.svc" || got["new.example.com"] != "shop.demo.svc" {
			t.Errorf("the zone is %v", got)
		}
	})
}

// The host is taken back before the WebApp goes, and a finalizer of somebody else stays.
func TestCleanup(t *testing.T) {
	testApp(t, func(t *testing.T, c *anchotest.Cluster) {
		c.Create(shop(func(app *v1.WebApp) { app.Finalizers = []string{"example.com/other"} }))
		c.Settle()
		app := anchotest.Get(c, webapp.WebApp, "demo", "shop")
		if !slices.Contains(app.Finalizers, webapp.Finalizer) {
			t.Errorf("finalizers: %v", app.Finalizers)
		}
		c.Delete(app)
		c.Settle()
		app = anchotest.Get(c, webapp.WebApp, "demo", "shop")
		if !slices.Equal(app.Finalizers, []string{"example.com/other"}) {
			t.Errorf("finalizers after the clean-up: %v", app.Finalizers)
		}
		if got := zone(c); len(got) > 0 {
			t.Errorf("the zone is %v", got)
		}
	})
}

// A program that removes the finalizer, or a deletion that wins over it, does not keep the host from being taken back.
func TestCleanupInSpiteOfOthers(t *testing.T) {
	testApp(t, func(t *testing.T, c *anchotest.Cluster) {
		c.Create(shop())
		c.Settle()
		app := anchotest.Get(c, webapp.WebApp, "demo", "shop")
		app.Finalizers = nil
		if err := c.Client.Update(t.Context(), app); err != nil {
			t.Fatal(err)
		}
		c.Settle()
		app = anchotest.Get(c, webapp.WebApp, "demo", "shop")
		if !slices.Contains(app.Finalizers, webapp.Finalizer) {
			t.Errorf("finalizers: %v", app.Finalizers)
		}
		c.Fault(fake.StaleDelete(), fake.Times(1))
		c.Delete(app)
		c.Settle()
		if got := zone(c); len(got) > 0 {
			t.Errorf("the zone is %v", got)
		}
	})
}

// Without the zone's namespace a host cannot be published, and a WebApp without a host is none the worse.
func TestWithoutZone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := anchotest.Run(t, webapp.Capability)
		c.Create(shop(func(app *v1.WebApp) { app.Spec.Host = "" }), shop(func(app *v1.WebApp) { app.Name = "copy" }))
		c.Settle()
		if got := ready(t, c, "shop"); got.Reason != v1.ReasonProgressing {
			t.Errorf("without a host: %+v", got)
		}
		if copied := anchotest.Get(c, webapp.WebApp, "demo", "copy"); len(copied.Status.Conditions) > 0 {
			t.Errorf("with one: %+v", copied.Status)
		}
		c.Delete(anchotest.Get(c, webapp.WebApp, "demo", "shop"))
		c.Settle()
		if _, ok := anchotest.Find(c, webapp.WebApp, "demo", "shop"); ok {
			t.Error("it could not be cleaned up")
		}
	})
}

// told are the types and reasons of the Kubernetes Events about the WebApp.
func told(t *testing.T, c *anchotest.Cluster) (out []string) {
	t.Helper()
	var all eventsv1.EventList
	if err := c.Client.List(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	for i := range all.Items {
		e := &all.Items[i]
		if e.Regarding.Kind == "WebApp" && e.Regarding.Name == "shop" {
			out = append(out, e.Type+" "+e.Reason)
		}
	}
	return out
}

// Kubernetes Events tell of each change of the state, to those who look at the WebApp with kubectl describe.
func TestEvents(t *testing.T) {
	testApp(t, func(t *testing.T, c *anchotest.Cluster) {
		// An Event's name is made of its object's and of the time, which stands still while the program works.
		for _, step := range []func(){
			func() { c.Create(shop(usesKeys)) },
			func() { c.Create(keys()) },
			func() { available(c, 2) },
			func() { c.Delete(anchotest.Get(c, webapp.WebApp, "demo", "shop")) },
		} {
			step()
			time.Sleep(time.Second)
			c.Settle()
		}
		got := told(t, c)
		slices.Sort(got)
		want := []string{"Normal Available", "Normal HostReleased", "Normal Progressing", "Warning SecretMissing"}
		if !slices.Equal(got, want) {
			t.Errorf("Events %q, want %q", got, want)
		}
	})
}
