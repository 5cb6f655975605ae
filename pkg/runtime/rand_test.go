package runtime

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// The delays of the streams of the plan are drawn from Options.Rand.
func TestStreamsDrawFromRand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New()
		s.Fault(fake.Status(http.StatusInternalServerError))
		var drawn atomic.Int32
		o := oneCapability(capability.When(kind.ConfigMap).InNamespace("default").Reconcile(ignoreMap))
		o.Rand = func() float64 { drawn.Add(1); return 0.5 }
		startAt(t, s.Config(), o)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if drawn.Load() == 0 {
			t.Error("a stream that was refused several times has drawn nothing")
		}
	})
}
