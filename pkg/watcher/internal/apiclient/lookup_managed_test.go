package apiclient

import (
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

func TestReadCutsManagedFields(t *testing.T) {
	const path = "/apis/example.com/v1/namespaces/demo/webapps/shop"
	object := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
		Name: "shop", Namespace: "demo", UID: "u", ResourceVersion: "5", Finalizers: []string{"behind"},
		ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "the-manager"}},
	}}
	for _, cut := range []bool{false, true} {
		s, _ := ask(t, "http://server", map[string]*http.Response{path: answer(200, "application/vnd.kubernetes.protobuf", metadataPB(t, object))})
		f, found, err := s.Read(t.Context(), webAppResource, "demo", "shop", wire.ReaderOptions{CutManagedFields: cut})
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
