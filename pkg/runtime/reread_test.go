package runtime

import (
	"testing"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// An object that reads differently at the same resourceVersion is Modified for Reconcile, unless the binding waits for a new
// generation; Watch is not called.
func TestRereadIsForReconcile(t *testing.T) {
	maps := capability.When(kind.ConfigMap).IsCreatedOrUpdated()
	r := newRig(t, maps.Alias("reconcile").Reconcile(ignoreMap), maps.Alias("watch").Watch(ignoreMap), maps.Alias("spec").OnSpecChange().Reconcile(ignoreMap))
	cm := aMap("u", "5")
	cm.Generation = 1
	r.upsert(cm, false)
	for i := range r.boxes {
		r.expect(i, "Added")
	}
	r.feed.Handle(watcher.Delta{Kind: watcher.Upsert, Frame: frameOf(t, cm), Entry: r.entry(cm), Relist: true, Reread: true})
	r.expect(0, "Modified")
	for _, i := range []int{1, 2} {
		for _, got := range r.boxes[i].take() {
			if got != "Modified -" {
				t.Errorf("binding %d hears of %q", i, got)
			}
		}
	}
}
