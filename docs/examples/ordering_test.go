package examples

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// Of the Jobs of one namespace one runs at a time; another namespace does not wait.
func TestOnePerNamespace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running atomic.Int32
		release := make(chan struct{})
		o := Ordered{Migrate: func(context.Context, *batchv1.Job) error {
			running.Add(1)
			defer running.Add(-1)
			<-release
			return nil
		}}
		c := anchotest.Run(t, o.Capability)
		for _, of := range []metav1.ObjectMeta{named("a"), named("b"), {Namespace: "blue", Name: "a"}} {
			job := &batchv1.Job{ObjectMeta: of}
			job.Labels = map[string]string{"example.com/migration": ""}
			c.Create(job)
		}
		c.Settle()
		if n := running.Load(); n != 2 {
			t.Errorf("%d calls run, want one in each of two namespaces", n)
		}
		close(release)
		c.Settle()
		if n := len(c.Calls("ordered/jobs")); n != 3 {
			t.Errorf("%d calls, want 3", n)
		}
	})
}

// With InOrder no state is passed over, while the first call runs.
func TestEveryState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		texts := make(chan string, 9)
		release := make(chan struct{})
		o := Ordered{Record: func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
			<-release
			texts <- string(e.Type) + " " + e.Object.Data["text"]
			return nil
		}}
		c := anchotest.Run(t, o.Capability)
		c.Create(&corev1.ConfigMap{ObjectMeta: named("log"), Data: map[string]string{"text": "one"}})
		c.Settle()
		for _, text := range []string{"two", "three"} {
			anchotest.Edit(c, kind.ConfigMap, "shop", "log", func(m *corev1.ConfigMap) { m.Data["text"] = text })
		}
		c.Delete(&corev1.ConfigMap{ObjectMeta: named("log")})
		close(release)
		c.Settle()
		close(texts)
		var got []string
		for text := range texts {
			got = append(got, text)
		}
		if want := []string{"Added one", "Modified two", "Modified three", "Deleted three"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
