package machine

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/ancho-dev/ancho/internal/poison"
)

func TestMain(m *testing.M) {
	poison.Enable()
	goleak.VerifyTestMain(m)
}
