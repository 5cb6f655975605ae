package examples

import (
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/anchotest"
)

func TestRoutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := anchotest.Run(t, Routes)
		c.Create(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web"}})
		c.Settle()
		if calls := c.Calls("routes/services"); len(calls) != 1 {
			t.Errorf("calls: %+v", calls)
		}
	})
}
