package examples

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// zone is a DNS in memory that refuses to remove as often as it is told to.
type zone struct {
	mu      sync.Mutex
	records map[string]string
	refuse  int
	removed int
}

func (z *zone) Set(_ context.Context, name, address string) error {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.records == nil {
		z.records = map[string]string{}
	}
	z.records[name] = address
	return nil
}

func (z *zone) Remove(_ context.Context, name string) error {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.refuse > 0 {
		z.refuse--
		return errors.New("the zone is locked")
	}
	z.removed++
	delete(z.records, name)
	return nil
}

func (z *zone) address(name string) (string, bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	a, ok := z.records[name]
	return a, ok
}

func service(name, host string) *corev1.Service {
	s := &corev1.Service{ObjectMeta: named(name)}
	s.Annotations = map[string]string{HostName: host}
	s.Spec.ClusterIP = "10.0.0.1"
	return s
}

// A Service gets its record, and goes when the record is gone.
func TestRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := &zone{refuse: 2}
		c := anchotest.Run(t, (&Records{DNS: z}).Capability)
		c.Create(service("web", "web.example.com"))
		c.Settle()
		if got := anchotest.Get(c, kind.Service, "shop", "web").Finalizers; !slices.Equal(got, []string{"dns.example.com/record"}) {
			t.Errorf("finalizers: %q", got)
		}
		if a, _ := z.address("web.example.com"); a != "10.0.0.1" {
			t.Errorf("the record says %q", a)
		}

		c.Delete(service("web", ""))
		c.Settle()
		if _, there := anchotest.Find(c, kind.Service, "shop", "web"); !there {
			t.Fatal("the Service is gone, and its record is not")
		}
		time.Sleep(time.Minute) // the zone is locked for two attempts
		c.Settle()
		if _, there := anchotest.Find(c, kind.Service, "shop", "web"); there {
			t.Error("the Service is still there")
		}
		if _, there := z.address("web.example.com"); there || z.removed != 1 {
			t.Errorf("the record is there: %v; removed %d times", there, z.removed)
		}
	})
}

// The example of the page about Pepr: the copy follows, and goes with the original.
func TestMirror(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		original := &corev1.ConfigMap{ObjectMeta: named("settings"), Data: map[string]string{"a": "1"}}
		original.Labels = map[string]string{"example.com/mirror": ""}
		c := anchotest.Start(t, anchotest.Options{
			Capabilities: []capability.Func{(&Mirror{}).Capability},
			Objects:      []client.Object{&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "mirror"}}, original},
		})
		c.Settle()
		anchotest.Edit(c, kind.ConfigMap, "shop", "settings", func(m *corev1.ConfigMap) { m.Data["a"] = "2" })
		c.Settle()
		if got := anchotest.Get(c, kind.ConfigMap, "mirror", "settings").Data["a"]; got != "2" {
			t.Errorf("the copy says %q", got)
		}
		c.Delete(original)
		c.Settle()
		for _, namespace := range []string{"shop", "mirror"} {
			if _, there := anchotest.Find(c, kind.ConfigMap, namespace, "settings"); there {
				t.Errorf("the one in %s is still there", namespace)
			}
		}
	})
}

// A Service without an address is released, and can be deleted without a clean-up.
func TestRecordsReleases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := &zone{}
		c := anchotest.Run(t, (&Records{DNS: z}).Capability)
		s := service("headless", "headless.example.com")
		s.Spec.ClusterIP = corev1.ClusterIPNone
		c.Create(s)
		c.Settle()
		if err := c.Client.Get(t.Context(), client.ObjectKeyFromObject(s), s); err != nil || len(s.Finalizers) > 0 {
			t.Errorf("it has the finalizers %q: %v", s.Finalizers, err)
		}
		if _, there := z.address("headless.example.com"); there {
			t.Error("it has a record")
		}
	})
}
