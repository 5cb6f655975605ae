package examples

import (
	"context"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// Frugal shows what keeps a program small.
func Frugal(capability.Env) *capability.Capability {
	return capability.New("frugal",
		// Metadata alone: no data of Secrets reaches the program. The server leaves out those without the label. Of what
		// comes, 4 MiB may wait.
		capability.When(kind.Metadata(kind.Secret)).
			WithLabel("example.com/rotate").
			MemoryBudget(4<<20).
			Concurrency(4).
			Timeout(time.Minute).
			Reconcile(rotate),
	)
}

func rotate(ctx context.Context, e capability.Event[*metav1.PartialObjectMetadata]) error {
	age := time.Since(e.Object.CreationTimestamp.Time)
	logr.FromContextOrDiscard(ctx).Info("a secret", "age", age.String())
	return nil
}
