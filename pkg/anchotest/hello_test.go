package anchotest_test

import (
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	hello "github.com/ancho-dev/ancho/examples/01-hello"
	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
)

// The first example, tested in fifteen lines.
func TestHello(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := anchotest.Run(t, hello.Capability)
		greeting := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "greeting"}}
		c.Create(greeting)
		c.Settle()
		c.Delete(greeting)
		c.Settle()
		calls := c.Calls("hello/configmaps")
		if len(calls) != 2 || calls[0].Type != capability.Added || calls[1].Type != capability.Deleted {
			t.Errorf("the callback was called with %+v", calls)
		}
	})
}
