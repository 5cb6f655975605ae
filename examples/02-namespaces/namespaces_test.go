package namespaces

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// applies is a client that only notes what is applied. Other methods are not to be called.
type applies struct {
	client.Client
	texts []string
	err   error
}

// Apply implements client.Client.
func (a *applies) Apply(_ context.Context, c apiruntime.ApplyConfiguration, opts ...client.ApplyOption) error {
	o := &client.ApplyOptions{}
	for _, opt := range opts {
		opt.ApplyToApply(o)
	}
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if o.FieldManager != string(owner) {
		return errors.New("applied for another manager: " + o.FieldManager)
	}
	a.texts = append(a.texts, string(text))
	return a.err
}

func reconcile(t *testing.T, a *applies, ns *corev1.Namespace) error {
	t.Helper()
	c := &controller{a}
	return c.reconcile(t.Context(), capability.Event[*corev1.Namespace]{Type: capability.Added, Object: ns})
}

func TestPlan(t *testing.T) {
	p, err := runtime.PlanFor(runtime.Options{Capabilities: []capability.Func{Capability}})
	if err != nil {
		t.Fatal(err)
	}
	if len(p) != 1 || len(p[0].Streams) != 1 || !strings.Contains(p[0].Streams[0], "kube-system") {
		t.Errorf("want one stream that leaves out the system's namespaces: %+v", p)
	}
}

func TestReconcileApplies(t *testing.T) {
	a := &applies{}
	if err := reconcile(t, a, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "team"}}); err != nil {
		t.Fatal(err)
	}
	if len(a.texts) != 2 {
		t.Fatalf("applied %q, want two objects", a.texts)
	}
	for i, want := range [][]string{
		{`"kind":"ConfigMap"`, `"namespace":"team"`, `"log-level":"info"`},
		{`"kind":"LimitRange"`, `"namespace":"team"`, `"memory":"256Mi"`},
	} {
		if slices.ContainsFunc(want, func(s string) bool { return !strings.Contains(a.texts[i], s) }) {
			t.Errorf("applied %s, want %q in it", a.texts[i], want)
		}
	}
}

func TestReconcileLeavesTerminatingAlone(t *testing.T) {
	a := &applies{}
	now := metav1.Now()
	if err := reconcile(t, a, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "team", DeletionTimestamp: &now}}); err != nil || len(a.texts) > 0 {
		t.Errorf("got %v, applied %q", err, a.texts)
	}
}

// It was deleted between the event and the request: nothing is left to do.
func TestReconcileIsTooLate(t *testing.T) {
	err := apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, ConfigName, errors.New("being terminated"))
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	a := &applies{err: err}
	if err := reconcile(t, a, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "team"}}); err != nil || len(a.texts) != 1 {
		t.Errorf("got %v after %d requests, want no error after the first", err, len(a.texts))
	}
}

// Any other failure is the runtime's to try again, and names the Namespace.
func TestReconcilePassesErrorsOn(t *testing.T) {
	failure := errors.New("no answer")
	err := reconcile(t, &applies{err: failure}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "team"}})
	if !errors.Is(err, failure) || !strings.Contains(err.Error(), "team") {
		t.Errorf("got %v", err)
	}
}
