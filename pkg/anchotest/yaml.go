package anchotest

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// Load creates the objects of a YAML file, which may hold several documents, and namespaces that are not there.
func (c *Cluster) Load(path string) []*unstructured.Unstructured {
	c.t.Helper()
	f, err := os.Open(path) //nolint:gosec // the test names it
	if err != nil {
		c.t.Fatalf("cannot load objects: %v", err)
	}
	defer func() { _ = f.Close() }()
	var out []*unstructured.Unstructured
	for d := yaml.NewYAMLOrJSONDecoder(f, 4096); ; {
		o := &unstructured.Unstructured{}
		if err := d.Decode(&o.Object); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			c.t.Fatalf("cannot load document %d of %s: %v", len(out)+1, path, err)
		}
		if len(o.Object) == 0 {
			continue
		}
		c.Create(o)
		out = append(out, o)
	}
}

// volatile are the fields of metadata that differ from run to run.
var volatile = []string{"uid", "resourceVersion", "creationTimestamp", "managedFields"}

// YAML prints all objects of these kinds, sorted by kind, namespace and name, without the fields that change from run
// to run, for a comparison with Golden.
func (c *Cluster) YAML(kinds ...kind.Any) string {
	c.t.Helper()
	var out []string
	for _, k := range kinds {
		list := &unstructured.UnstructuredList{}
		gvk := k.Resource().GVK()
		gvk.Kind += "List"
		list.SetGroupVersionKind(gvk)
		if err := c.Client.List(context.Background(), list); err != nil {
			c.t.Fatalf("cannot list %s: %v", k.Resource(), err)
		}
		for _, o := range list.Items {
			o.SetGroupVersionKind(k.Resource().GVK())
			for _, field := range volatile {
				unstructured.RemoveNestedField(o.Object, "metadata", field)
			}
			dropOwnerUIDs(&o)
			text, err := sigsyaml.Marshal(o.Object)
			if err != nil {
				c.t.Fatalf("cannot write %s %s: %v", gvk.Kind, o.GetName(), err)
			}
			out = append(out, string(text))
		}
	}
	return strings.Join(slices.Clip(out), "---\n")
}

// dropOwnerUIDs takes from references to owners what differs from run to run.
func dropOwnerUIDs(o *unstructured.Unstructured) {
	references, _, _ := unstructured.NestedSlice(o.Object, "metadata", "ownerReferences")
	for _, r := range references {
		if m, ok := r.(map[string]any); ok {
			delete(m, "uid")
		}
	}
	if len(references) > 0 {
		_ = unstructured.SetNestedSlice(o.Object, references, "metadata", "ownerReferences")
	}
}

// UpdateEnv is the environment variable that has Golden write its files instead of comparing with them.
const UpdateEnv = "ANCHOTEST_UPDATE"

// Golden compares a text, such as that of YAML, with a file. With the environment variable ANCHOTEST_UPDATE=1 it writes
// the file.
func (c *Cluster) Golden(path, got string) {
	c.t.Helper()
	if os.Getenv(UpdateEnv) != "" {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			c.t.Fatalf("cannot write the golden file: %v", err)
		}
		return
	}
	want, err := os.ReadFile(path) //nolint:gosec // the test names it
	if err != nil {
		c.t.Fatalf("no golden file: %v; %s=1 writes it", err, UpdateEnv)
	}
	if got != string(want) {
		c.t.Errorf("%s differs; %s=1 writes it anew. Got:\n%s\nwant:\n%s", path, UpdateEnv, got, want)
	}
}
