package watcher

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/kind"
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
		}, func(_ *Target, o *StreamOptions, rec *recorder) {
			o.CutManagedFields = cut
			rec.during = func(d Delta) {
				frames.Add(1)
				if d.Frame.Cut != cut || strings.Contains(string(d.Frame.Raw), `"managedFields"`) == cut {
					wrong.Add(1)
				}
			}
		})
	}
}

func TestReadCutsManagedFields(t *testing.T) {
	const path = "/apis/example.com/v1/namespaces/demo/webapps/shop"
	object := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
		Name: "shop", Namespace: "demo", UID: "u", ResourceVersion: "5", Finalizers: []string{"behind"},
		ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "the-manager"}},
	}}
	for _, cut := range []bool{false, true} {
		s, _ := ask(t, "http://server", map[string]*http.Response{path: answer(200, "application/vnd.kubernetes.protobuf", metadataPB(t, object))})
		f, found, err := s.Read(t.Context(), webAppResource, "demo", "shop", ReaderOptions{CutManagedFields: cut})
		if err != nil || !found {
			t.Fatal(found, err)
		}
		if f.Cut != cut || strings.Contains(string(f.Raw), "the-manager") == cut {
			t.Errorf("cut %v: the frame says %v and has %q", cut, f.Cut, f.Raw)
		}
		if m := f.Meta; m.Name != "shop" || m.UID != "u" || len(m.Finalizers) != 1 || f.Encoding != kind.Protobuf {
			t.Errorf("cut %v: %+v", cut, m)
		}
	}
}
