//go:build e2e

package e2e

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// The real server selects Namespace objects by name, so that NotInNamespace keeps the excluded ones off the wire.
func TestNotInNamespaceOfNamespaces(t *testing.T) {
	env := cluster(t)
	c := newClient(t, env.Config)
	seen := &calls[*corev1.Namespace]{}
	p := run(t, env.Config, runtime.Options{Capabilities: []capability.Func{func(capability.Env) *capability.Capability {
		return capability.New("c", capability.When(kind.Namespace).WithLabel("excluded-here").Watch(seen.handle)).NotInNamespace("exclude-b")
	}}})
	p.ready(t)
	for _, name := range []string{"exclude-a", "exclude-b", "exclude-c"} {
		create(t, c, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"excluded-here": ""}}})
	}
	seen.waitType(t, "exclude-c", added)
	var names []string
	for _, one := range seen.list() {
		names = append(names, one.Object.Name)
	}
	names = slices.Compact(names)
	if want := []string{"exclude-a", "exclude-c"}; !slices.Equal(names, want) {
		t.Errorf("called for %v, want %v", names, want)
	}
	frames := p.metric(t, "ancho_stream_frames_total", "type", "ADDED")
	if frames != 2 {
		t.Errorf("the server sent %v objects, want 2: it does not select by name", frames)
	}
}
