package runtime

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/binding"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// nowhere is an engine that takes everything and keeps nothing.
type nowhere struct{ inbox }

func (*nowhere) Add(queue.Event[*binding.Work]) {}

// benchObject has labels as a Pod of a Deployment has them, with one of n values where the bindings look.
func benchObject(b testing.TB, n int) *watcher.Frame {
	b.Helper()
	v := fmt.Sprintf("value-%d", n)
	return frameOf(b, aMap("6e2b0ab2-0b9c-4b8e-9d0a-0123456789ab", "1234567890", func(cm *corev1.ConfigMap) {
		cm.Namespace, cm.Name = "a-namespace-of-x", "the-name-of-an-object-"+v
		cm.Labels = map[string]string{
			"app.kubernetes.io/name": "shop", "app.kubernetes.io/part-of": "all", "tier": v,
			"pod-template-hash": "5d4f8c7b9f", "app.kubernetes.io/managed-by": "helm",
		}
		cm.Annotations = map[string]string{"example.com/tier": v}
	}))
}

// BenchmarkFeed is an event that one of the bindings takes, and one that none does, with bindings whose filters are disjoint.
func BenchmarkFeed(b *testing.B) {
	maps := capability.When(kind.ConfigMap)
	for by, filter := range map[string]func(string) capability.Selection[*corev1.ConfigMap]{
		"label": func(v string) capability.Selection[*corev1.ConfigMap] { return maps.WithLabel("tier", v) },
		"annotation": func(v string) capability.Selection[*corev1.ConfigMap] {
			return maps.WithAnnotation("example.com/tier", v)
		},
		"name": func(v string) capability.Selection[*corev1.ConfigMap] {
			return maps.WithName("the-name-of-an-object-" + v)
		},
		"regex": func(v string) capability.Selection[*corev1.ConfigMap] { return maps.WithNameRegex("-" + v + "$") },
	} {
		for _, n := range []int{1, 50, 200} {
			for _, taken := range []bool{true, false} {
				b.Run(fmt.Sprintf("%s/%d/taken=%v", by, n, taken), func(b *testing.B) {
					var bindings []capability.Binding
					for i := range n {
						v := fmt.Sprintf("value-%d", i)
						bindings = append(bindings, filter(v).Alias("b-"+v).Watch(ignoreMap))
					}
					r := newRig(b, bindings...)
					for _, s := range r.feed.Routes[0].Subs {
						s.Of.Engine = &nowhere{}
					}
					object := n - 1
					if !taken {
						object = n
					}
					f := benchObject(b, object)
					d := watcher.Delta{
						Kind: watcher.Upsert, Frame: f,
						Entry: r.index.Put(f.Meta.Namespace, f.Meta.Name, f.Meta.UID, f.Meta.ResourceVersion),
					}
					b.ReportAllocs()
					for b.Loop() {
						r.feed.Handle(d)
						clear(d.Entry.Words())
					}
				})
			}
		}
	}
}
