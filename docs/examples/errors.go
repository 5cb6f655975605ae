package examples

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// Every is the annotation that says how often a claim is backed up.
const Every = "example.com/backup-every"

// BusyError is what the store of the backups says when it has no time.
type BusyError struct{ After time.Duration }

func (e *BusyError) Error() string { return "the store is busy" }

// Backups backs up claims. Store is where to.
type Backups struct {
	Store func(ctx context.Context, claim *corev1.PersistentVolumeClaim) error
}

// Capability shows what a callback may return, and the settings that belong to it.
func (b *Backups) Capability(capability.Env) *capability.Capability {
	return capability.New("backups",
		// A call has ten minutes. Those that fail are tried again after a second, two, up to an hour. After twenty in a
		// row the claim is parked.
		capability.When(kind.PersistentVolumeClaim).
			WithAnnotation(Every).
			Timeout(10*time.Minute).
			Backoff(time.Second, time.Hour).
			MaxAttempts(20).
			Reconcile(b.reconcile),
	)
}

func (b *Backups) reconcile(ctx context.Context, e capability.Event[*corev1.PersistentVolumeClaim]) error {
	every, err := time.ParseDuration(e.Object.Annotations[Every])
	if err != nil { // nothing helps before somebody changes it
		return capability.Permanent(fmt.Errorf("annotation %s: %w", Every, err))
	}
	err = b.Store(ctx, e.Object)
	if busy, ok := errors.AsType[*BusyError](err); ok { // it says itself when to come back
		return capability.RetryAfter(busy.After, err)
	}
	if err != nil { // again, after a backoff
		return fmt.Errorf("back up: %w", err)
	}
	return capability.RequeueAfter(every) // no failure: the next backup
}
