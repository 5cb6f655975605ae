package conformance

import (
	"context"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeRig has a fake server of its own for each case, in virtual time.
func fakeRig() Rig {
	return Rig{Name: "fake", Serve: func(t *testing.T, use func(*testing.T, Server)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			use(t, inMemory(fake.New(fake.WithResources(Gizmo))))
		})
	}}
}

// inMemory is a fake server, and what can be done to it.
func inMemory(s *fake.Server) Server {
	return Server{
		Config:   s.Config(),
		Forget:   func(context.Context) error { s.Compact(); return nil },
		Install:  func(_ context.Context, k kind.Any) error { s.Register(k); return nil },
		Withdraw: func(_ context.Context, k kind.Any) error { s.Unregister(k); return nil },
	}
}

func TestConformanceOfTheFake(t *testing.T) {
	results := Run(t, fakeRig())
	t.Log("\n" + Table([]string{"fake"}, results))
	expectPage(t, []string{"fake"}, results)
}
