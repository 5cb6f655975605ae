package runtime

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/internal/plaintext"
	"github.com/ancho-dev/ancho/pkg/capability"
)

// What /debug shows of the errors of callbacks and of servers has a bound, and no character that a terminal obeys.
func TestDebugShowsPlainTexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		evil := "\u202e\u009b2J\x1b" + strings.Repeat("x", 100_000)
		a := c.replica("a", func(context.Context, capability.Event[*corev1.ConfigMap]) error {
			return capability.Permanent(errors.New(evil))
		})
		c.create("one")
		synctest.Wait()
		_, text := a.get(t, "/debug")
		if !strings.Contains(text, `\\u202e\\u009b2J\\x1bxxx`) || strings.ContainsAny(text, "\u202e\u009b\x1b") {
			t.Errorf("%.2000q", text)
		}
		if len(text) > 3*plaintext.Limit {
			t.Errorf("%d bytes", len(text))
		}
		if err := a.stop(); err != nil {
			t.Error(err)
		}
	})
}
