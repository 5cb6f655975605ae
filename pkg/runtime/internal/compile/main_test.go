package compile_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"runtime"
	"testing"

	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/internal/poison"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

var errPlain = errors.New("plain")

func TestMain(m *testing.M) {
	poison.Enable()
	goleak.VerifyTestMain(m)
}

// nothing is a callback for tests that call none.
func nothing[T kind.Object](context.Context, capability.Event[T]) error { return nil }

// onPod is nothing, for the kind most tests use.
func onPod(context.Context, capability.Event[*corev1.Pod]) error { return nil }

// thisLine is the place of its caller, as this package prints it.
func thisLine() string {
	_, file, line, _ := runtime.Caller(1)
	return fmt.Sprintf("%s/%s:%d", path.Base(filepath.ToSlash(filepath.Dir(file))), filepath.Base(file), line)
}

func compileAll(t testing.TB, caps ...*capability.Capability) []*compile.Compiled {
	t.Helper()
	cs, err := compile.Compile(caps, compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return cs
}

// one compiles a single binding.
func one(t testing.TB, b capability.Binding) *compile.Compiled {
	t.Helper()
	return compileAll(t, capability.New("test", b))[0]
}

// streams are the requests of a binding as a plan prints them.
func streams(c *compile.Compiled) []string {
	out := []string{}
	for _, target := range c.Targets {
		out = append(out, target.String())
	}
	return out
}

// frame is an object as it comes from the wire.
func frame(t testing.TB, o kind.Object) *watcher.Frame {
	t.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return &watcher.Frame{Type: watcher.Added, Raw: raw, Encoding: kind.JSON, Meta: watcher.Meta{
		Namespace: o.GetNamespace(), Name: o.GetName(), UID: string(o.GetUID()), ResourceVersion: o.GetResourceVersion(),
		Generation: o.GetGeneration(), Labels: pairs(o.GetLabels()), Annotations: pairs(o.GetAnnotations()), Deleting: o.GetDeletionTimestamp() != nil,
	}}
}

// pairs are labels or annotations as a scan finds them.
func pairs(from map[string]string) (out watcher.Pairs) {
	for k, v := range from {
		out = append(out, watcher.Pair{Key: k, Value: v})
	}
	return out
}
