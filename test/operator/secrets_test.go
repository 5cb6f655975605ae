package operator_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/clumsy"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

func (w *watched) create(objects ...client.Object) {
	w.t.Helper()
	for _, o := range objects {
		if err := w.client.Create(w.t.Context(), o); err != nil {
			w.t.Fatal(err)
		}
	}
}

// touch changes all Secrets and Vaults.
func (w *watched) touch(to string) {
	w.t.Helper()
	for _, o := range clumsy.Objects("demo") {
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"touched":"`+to+`"}}}`))
		if err := client.IgnoreNotFound(w.client.Patch(w.t.Context(), o, patch)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// says fails the test if the log lacks one of these: what goes wrong has to be told, too.
func (w *watched) says(what ...string) {
	w.t.Helper()
	for _, s := range what {
		if !strings.Contains(w.log.String(), s) {
			w.t.Errorf("the log does not say %q", s)
		}
	}
}

// No value of a Secret, nor of a custom resource, is in the log at its most talkative, in errors, Kubernetes Events, metrics and pages,
// whatever the callbacks and the server do. A recording holds no Secrets. The log is in JSON here, and text below.
func TestSecretsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := observe(t, runtime.Options{Capabilities: []capability.Func{clumsy.Capability("demo")}}, "JSON", nil)
		w.server.Register(clumsy.Vaults)
		w.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "demo"}})
		broken := w.server.Fault(fake.Undecodable(), fake.Object("demo", "broken"))
		w.create(clumsy.Objects("demo")...)
		time.Sleep(3 * time.Minute)
		w.keepsAll()
		broken.Stop()
		w.goWrong()
		w.says("callback failed, object parked", "handler panicked", "the finalizer cannot be written", "object passed over",
			"spec.size", "spec.sizes", "Where of object demo/where", "OnChange of object demo/change", "Mapped of object demo/mapped", "stream is blocked",
			"longer than its timeout", "already exists", "read again")
		for _, o := range clumsy.Objects("demo") {
			if err := client.IgnoreNotFound(w.client.Delete(t.Context(), o)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(3 * time.Minute)
		w.keepsAll()
		w.stop()
		w.keepsAll()
		w.keepsTape()
		if n := len(w.events().Items); n < 5 {
			t.Errorf("%d Kubernetes Events", n)
		}
	})
}

// goWrong has the server do what it can do wrong about Secrets and custom resources, one after the other.
func (w *watched) goWrong() {
	w.t.Helper()
	about := fake.For(kind.Secret, clumsy.Vaults)
	for i, f := range []struct {
		fault      fake.Fault
		conditions []fake.Condition
	}{
		{fake.Undecodable(), nil},
		{fake.Status(http.StatusForbidden), []fake.Condition{fake.Verbs("patch", "get")}},
		{fake.Status(http.StatusUnprocessableEntity), []fake.Condition{fake.Verbs("patch")}},
		{fake.Status(http.StatusInternalServerError), []fake.Condition{fake.Verbs("get", "list", "watch", "update", "create", "patch")}},
		{fake.Status(http.StatusBadRequest).InStream(), nil},
		{fake.UnknownEvent(), nil},
		{fake.CutInFrame(), nil},
		{fake.Huge(17 << 20), []fake.Condition{fake.Object("demo", "reads"), fake.Times(2)}},
		{fake.ProxyError(http.StatusBadGateway), []fake.Condition{fake.Verbs("get", "list", "watch")}},
		{fake.NoWatchList(http.StatusUnprocessableEntity), []fake.Condition{fake.Verbs("list", "watch")}},
	} {
		on := w.server.Fault(f.fault, append(f.conditions, about)...)
		w.touch(string(rune('a' + i)))
		w.create(late(i)) // has no finalizer yet, whatever the backoff of the others is
		w.server.Compact()
		w.server.Cut(about)
		time.Sleep(time.Minute)
		on.Stop()
		time.Sleep(time.Minute)
		w.keepsAll()
	}
}

// late is a Secret that appears amid a fault.
func late(i int) client.Object {
	o := clumsy.Objects("demo")[0]
	o.SetName(fmt.Sprintf("fails-late-%d", i))
	return o
}

// The same where bytes of answers about Secrets are others than were sent.
func TestSecretsAreKeptOverABadConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &damaging{rand: rand.New(rand.NewPCG(1, 2))} // the same in each run
		w := observe(t, runtime.Options{Capabilities: []capability.Func{clumsy.Capability("demo")}}, "text", func(next http.RoundTripper) http.RoundTripper {
			d.next = next
			return d
		})
		w.server.Register(clumsy.Vaults)
		w.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "demo"}})
		w.create(clumsy.Objects("demo")...)
		for i := range 15 {
			w.touch(string(rune('a' + i)))
			w.server.Cut(fake.For(kind.Secret))
			time.Sleep(time.Minute)
		}
		w.keepsAll()
		w.says("skipped what is not an object of the API", "stream is blocked")
		if n := d.bytes(); n < 500 {
			t.Errorf("%d bytes were damaged", n)
		}
	})
}
