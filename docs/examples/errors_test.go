package examples

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// outcomes are how the calls of a binding ended.
func outcomes(c *anchotest.Cluster, binding string) []capability.Outcome {
	var out []capability.Outcome
	for _, call := range c.Calls(binding) {
		out = append(out, call.Outcome)
	}
	return out
}

// Each error has the outcome that the guide says.
func TestBackups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := make(chan error, 3)
		b := Backups{Store: func(context.Context, *corev1.PersistentVolumeClaim) error { return <-answers }}
		c := anchotest.Run(t, b.Capability)
		claim := &corev1.PersistentVolumeClaim{ObjectMeta: named("data")}
		claim.Annotations = map[string]string{Every: "often"}
		c.Create(claim)
		c.Settle()

		for _, answer := range []error{&BusyError{After: time.Hour}, errors.New("no route"), nil} {
			answers <- answer
		}
		anchotest.Edit(c, kind.PersistentVolumeClaim, "shop", "data", func(p *corev1.PersistentVolumeClaim) { p.Annotations[Every] = "24h" })
		c.Settle()
		time.Sleep(time.Hour) // what the store asked for
		c.Settle()
		time.Sleep(4 * time.Second) // the backoff
		c.Settle()
		want := []capability.Outcome{capability.OutcomePermanent, capability.OutcomeRetryAfter, capability.OutcomeRetry, capability.OutcomeRequeue}
		if got := outcomes(c, "backups/persistentvolumeclaims"); !slices.Equal(got, want) {
			t.Fatalf("outcomes: %v, want %v", got, want)
		}

		answers <- nil
		time.Sleep(24 * time.Hour)
		c.Settle()
		if n := len(c.Calls("backups/persistentvolumeclaims")); n != 5 {
			t.Errorf("%d calls after a day, want 5", n)
		}
	})
}
