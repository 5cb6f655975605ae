package machine

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// A stream's frames lose their managedFields where it is told so, in a snapshot, in events, in pages; and nowhere
// else.
func TestStreamCutsManagedFields(t *testing.T) {
	object := func(name, rv string) string {
		return strings.Replace(pod(name, rv), `"namespace"`, `"managedFields":[{"manager":"m"}],"namespace"`, 1)
	}
	for _, cut := range []bool{false, true} {
		var frames, wrong atomic.Int32
		run(t, func(r *rig) {
			r.snapshot().refuse(422, "Invalid") // so that there are pages too
			r.list("500", "").ok().page("5", "", object("a", "4"))
			r.expect("upsert a@uid-a:4 new initial", "synced 5 false")
			b := r.watch("5").ok()
			b.event("MODIFIED", object("a", "6"))
			r.expect("upsert a@uid-a:6")
			b.event("DELETED", object("a", "7"))
			r.expect("gone a@uid-a:6")
			if frames.Load() != 3 || wrong.Load() != 0 {
				t.Errorf("cut %v: %d of %d frames are not as told", cut, wrong.Load(), frames.Load())
			}
		}, func(_ *apiclient.Target, o *Options, rec *recorder) {
			o.CutManagedFields = cut
			rec.during = func(d report.Delta) {
				frames.Add(1)
				if d.Frame.Cut != cut || strings.Contains(string(d.Frame.Raw), `"managedFields"`) == cut {
					wrong.Add(1)
				}
			}
		})
	}
}
