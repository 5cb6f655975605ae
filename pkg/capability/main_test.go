package capability_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"github.com/ancho-dev/ancho/internal/poison"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

func TestMain(m *testing.M) {
	poison.Enable()
	goleak.VerifyTestMain(m)
}

// nothing is a callback for tests that call none.
func nothing[T kind.Object](context.Context, capability.Event[T]) error { return nil }
