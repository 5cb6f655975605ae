package anchotest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/anchotest"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

var gadget = kind.Unstructured(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Gadget"})

func gadgets(seen chan<- string) capability.Func {
	return func(capability.Env) *capability.Capability {
		return capability.New("c", capability.When(gadget).IsCreated().IsDeleted().Watch(
			func(_ context.Context, e capability.Event[*unstructured.Unstructured]) error {
				seen <- string(e.Type) + " " + e.Object.GetName()
				return nil
			}))
	}
}

// The server serves what the capabilities watch, and a custom kind can be taken away.
func TestCustomKindsAreServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := make(chan string, 9)
		c := anchotest.Run(t, gadgets(seen))
		o := gadget.New()
		o.SetNamespace("demo")
		o.SetName("a")
		c.Create(o)
		c.Settle()
		if got := anchotest.Get(c, gadget, "demo", "a"); got.GetUID() == "" {
			t.Errorf("%+v", got)
		}
		if got := c.YAML(gadget); !strings.Contains(got, "kind: Gadget") || strings.Contains(got, "uid") {
			t.Errorf("as YAML:\n%s", got)
		}
		c.Unregister(gadget)
		c.Settle()
		if one, two := <-seen, <-seen; one != "Added a" || two != "Deleted a" {
			t.Errorf("seen: %s, %s", one, two)
		}
	})
}

// failing is a test that notes how it fails.
type failing struct {
	testing.TB
	said []string
}

func (f *failing) Helper()                        {}
func (f *failing) Errorf(format string, a ...any) { f.said = append(f.said, fmt.Sprintf(format, a...)) }
func (f *failing) Fatalf(format string, a ...any) {
	f.Errorf(format, a...)
	panic(f)
}

// fails is what a test says that fails.
func fails(t *testing.T, test func(*failing)) string {
	t.Helper()
	f := &failing{TB: t}
	func() {
		defer func() {
			if v := recover(); v != nil && v != any(f) {
				panic(v)
			}
		}()
		test(f)
	}()
	return strings.Join(f.said, "\n")
}

// What does not work ends the test, and says what and why.
func TestFailuresSayWhat(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte("kind: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, test := range map[string]func(*anchotest.Cluster){
		"there is no ConfigMap demo/none":          func(c *anchotest.Cluster) { anchotest.Get(c, kind.ConfigMap, "demo", "none") },
		"cannot delete *v1.ConfigMap demo/none":    func(c *anchotest.Cluster) { c.Delete(configMap("none")) },
		"cannot update *v1.ConfigMap demo/none":    func(c *anchotest.Cluster) { c.Update(configMap("none")) },
		"cannot load objects":                      func(c *anchotest.Cluster) { c.Load("no such file") },
		"cannot load document 1 of " + broken:      func(c *anchotest.Cluster) { c.Load(broken) },
		"no golden file":                           func(c *anchotest.Cluster) { c.Golden("no such file", "") },
		"differs; ANCHOTEST_UPDATE=1":              func(c *anchotest.Cluster) { c.Golden("testdata/two.yaml", "else") },
		"cannot update the status of *v1.ConfigMa": func(c *anchotest.Cluster) { c.UpdateStatus(configMap("none")) },
	} {
		synctest.Test(t, func(t *testing.T) {
			got := fails(t, func(f *failing) { test(anchotest.Run(f, gadgets(nil))) })
			if !strings.Contains(got, what) {
				t.Errorf("want %q, got %q", what, got)
			}
		})
	}
	for what, o := range map[string]anchotest.Options{
		"no capability":       {},
		"the function is nil": {Capabilities: []capability.Func{nil}},
		"BAD_NAMESPACE": {Capabilities: []capability.Func{gadgets(nil)}, Configure: func(o *runtime.Options) {
			o.Namespace = "BAD_NAMESPACE"
		}},
	} {
		if got := fails(t, func(f *failing) { anchotest.Start(f, o) }); !strings.Contains(got, what) || !strings.Contains(got, "cannot start") {
			t.Errorf("want %q, got %q", what, got)
		}
	}
}
