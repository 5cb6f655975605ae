package compile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
)

func podOn(node string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "n"}, Spec: corev1.PodSpec{NodeName: node}}
}

func onNode(node string) func(*corev1.Pod) bool {
	return func(p *corev1.Pod) bool { return p.Spec.NodeName == node }
}

func TestInspectOnlyWhereNeeded(t *testing.T) {
	if one(t, capability.When(kind.Pod).WithAnnotation("k").OnSpecChange().Watch(onPod)).Inspect != nil {
		t.Error("there is nothing to decode for")
	}
}

func TestWhere(t *testing.T) {
	c := one(t, capability.When(kind.Pod).Where(onNode("w")).Where(func(p *corev1.Pod) bool { return p.Name == "n" }).Watch(onPod))
	for node, want := range map[string]bool{"w": true, "x": false} {
		got, hash, err := c.Inspect(frame(t, podOn(node)))
		if got != want || hash != 0 || err != nil {
			t.Errorf("%s: got %v, %d, %v", node, got, hash, err)
		}
	}
	other := podOn("w")
	other.Name = "other"
	if got, _, _ := c.Inspect(frame(t, other)); got {
		t.Error("all of Where must hold")
	}
}

// A panic of the user's function is an error that says where, and tells no value of the object.
func TestPanicsAreErrors(t *testing.T) {
	const secret = "s3cr3t"
	tests := map[string]struct {
		panics func(*corev1.Pod)
		want   string
	}{
		"nil pointer": {func(p *corev1.Pod) { p.DeletionTimestamp.Reset() }, "invalid memory address"},
		"index":       {func(p *corev1.Pod) { _ = p.Spec.Containers[0] }, "index out of range [0] with length 0"},
		"text":        {func(p *corev1.Pod) { panic("bad node " + p.Spec.NodeName) }, "a string at compile/inspect_test.go:"},
		"error": {
			func(p *corev1.Pod) { panic(fmt.Errorf("bad node %s: %w", p.Spec.NodeName, errPlain)) },
			"a *fmt.wrapError at compile/inspect_test.go:",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := capability.When(kind.Pod)
			for step, c := range map[string]*compile.Compiled{
				"Where":    one(t, s.Where(func(p *corev1.Pod) bool { tt.panics(p); return true }).Watch(onPod)),
				"OnChange": one(t, s.OnChange(func(p *corev1.Pod) any { tt.panics(p); return 1 }).Watch(onPod)),
			} {
				match, hash, err := c.Inspect(frame(t, podOn(secret)))
				if match || hash != 0 || err == nil {
					t.Fatalf("%s: got %v, %d, %v", step, match, hash, err)
				}
				text := err.Error()
				if !strings.Contains(text, step+" of object a/n: the function panicked with ") || !strings.Contains(text, tt.want) {
					t.Errorf("%s: got %s, want %s", step, text, tt.want)
				}
				if strings.Contains(text, secret) {
					t.Errorf("%s: tells a value: %s", step, text)
				}
			}
		})
	}
}

func TestInspectUndecodable(t *testing.T) {
	c := one(t, capability.When(kind.Pod).Where(onNode("w")).Watch(onPod))
	f := frame(t, podOn("w"))
	f.Raw = []byte(`{"spec":{"nodeName":["s3cr3t"]}}`)
	_, _, err := c.Inspect(f)
	checkDecodeError(t, err)
}

// An object without a namespace is named by its name.
func TestErrorsOfClusterScoped(t *testing.T) {
	c := one(t, capability.When(kind.Node).Where(func(*corev1.Node) bool { panic("x") }).Watch(nothing))
	_, _, err := c.Inspect(frame(t, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}}))
	if err == nil || !strings.Contains(err.Error(), "of object n: ") {
		t.Errorf("got %v", err)
	}
}

func checkDecodeError(t *testing.T, err error) {
	t.Helper()
	var d *capability.DecodeError
	if !errors.As(err, &d) {
		t.Fatalf("got %v, want a *DecodeError", err)
	}
	if d.Key != "a/n" || d.Type != "*v1.Pod" || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("got %+v: %v", d, err)
	}
	var k *kind.DecodeError
	if !errors.As(err, &k) || k.Path != d.Path {
		t.Errorf("got the path %q and %v", d.Path, k)
	}
}
