package runtime

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/features"
	featurestesting "k8s.io/client-go/features/testing"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/cli"
)

// CBOR is asked for by option, or by the gate that client-go's own clients go by, and not otherwise.
func TestAllowCBOR(t *testing.T) {
	widget := kind.Unstructured(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Widget"})
	for name, c := range map[string]struct{ option, gate, want bool }{
		"neither": {false, false, false}, "option": {true, false, true}, "gate": {false, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			featurestesting.SetFeatureDuringTest(t, features.ClientsAllowCBOR, c.gate)
			accepted := make(chan string, 100)
			s := &stub{}
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				accepted <- r.Header.Get("Accept")
				s.ServeHTTP(w, r)
			}))
			t.Cleanup(srv.Close)
			o := oneCapability(capability.When(widget).Reconcile(func(context.Context, capability.Event[*unstructured.Unstructured]) error { return nil }))
			o.AllowCBOR = c.option
			startAt(t, &rest.Config{Host: srv.URL}, o)
			if got := <-accepted; strings.HasPrefix(got, "application/cbor,") != c.want {
				t.Errorf("accepts %q", got)
			}
		})
	}
}

func TestFlagCBOR(t *testing.T) {
	for _, c := range []struct {
		args []string
		want bool
	}{{nil, false}, {[]string{"--cbor"}, true}, {[]string{"--cbor=false"}, false}} {
		f, _, err := cli.Parse("program", c.args, t.Output(), false)
		if err != nil || f.CBOR != c.want {
			t.Errorf("%v: %v, %v", c.args, f.CBOR, err)
		}
	}
}
