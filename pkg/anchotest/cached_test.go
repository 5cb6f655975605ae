package anchotest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// A capability is told what an object was like when it was last done with it, and of one that went in a gap all
// there was; who is no callback looks the objects up.
func TestCached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var maps capability.Reader[*corev1.ConfigMap]
		told := make(chan string, 20)
		c := anchotest.Run(t, func(capability.Env) *capability.Capability {
			s := capability.When(kind.ConfigMap).InNamespace("demo").IsCreatedOrUpdated().IsDeleted()
			return capability.New("c", s.Cached(&maps).Reconcile(func(_ context.Context, e capability.Event[*corev1.ConfigMap]) error {
				line := fmt.Sprintf("%s %s", e.Type, e.Object.Data["k"])
				if e.HasOld() {
					line += " was " + e.Old.Data["k"]
					e.Old.Data["k"] = "spoilt" // it is the callback's own
				}
				told <- line
				if e.Object.Data["k"] == "2" {
					return errors.New("not this one")
				}
				if e.Object.Data["k"] == "4" {
					return capability.RequeueAfter(time.Hour)
				}
				return nil
			}))
		})
		c.Settle()
		if !maps.Synced() || maps.Len() != 0 {
			t.Errorf("synced %v, with %d objects", maps.Synced(), maps.Len())
		}
		set := func(v string) {
			anchotest.Edit(c, kind.ConfigMap, "demo", "a", func(m *corev1.ConfigMap) { m.Data = map[string]string{"k": v} })
			c.Settle()
			if got, found := maps.Get("demo", "a"); !found || got.Data["k"] != v {
				t.Errorf("the reader has %+v, want %s", got, v)
			}
		}
		first := configMap("a")
		first.Data = map[string]string{"k": "1"}
		c.Create(first)
		c.Settle()
		set("2") // fails, and so is not what the next call is compared with
		set("3")
		time.Sleep(time.Minute)
		c.Settle()
		set("4")
		time.Sleep(time.Hour)
		c.Settle()
		set("5")
		c.Compact()
		c.Delete(first)
		c.Settle()
		if maps.Len() != 0 {
			t.Errorf("%d objects are kept that are gone", maps.Len())
		}
		c.Stop()
		close(told)
		var got []string
		for line := range told {
			got = append(got, line)
		}
		got = slices.Compact(got) // failed attempts
		want := []string{"Added 1", "Modified 2 was 1", "Modified 3 was 1", "Modified 4 was 3", "Unchanged 4", "Modified 5 was 4", "Deleted 5 was 5"}
		if !slices.Equal(got, want) {
			t.Errorf("told\n%q, want\n%q", got, want)
		}
	})
}
