// Package manifests reads what config/ deploys, for the demo and for tests: the documents that a kustomization names, as
// they are written. Of what kustomize can do it knows the list of resources, the images' tags, and that there are patches.
package manifests

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// kustomization is all that may be in a kustomization.yaml here.
type kustomization struct {
	metav1.TypeMeta `json:",inline"`

	Resources []string `json:"resources"`
	Images    []image  `json:"images,omitempty"`
	Patches   []patch  `json:"patches,omitempty"`
}

// patch changes objects of those who include a component. Read leaves it out.
type patch struct {
	Path   string            `json:"path"`
	Target map[string]string `json:"target"`
}

type image struct {
	Name   string `json:"name"`
	NewTag string `json:"newTag"`
}

// Read returns the objects of a folder with a kustomization, in the order of its list. Images are left without their tags.
func Read(dir string) ([]*unstructured.Unstructured, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "kustomization.yaml")) //nolint:gosec // a folder of this project
	if err != nil {
		return nil, err
	}
	var k kustomization
	if err := yaml.UnmarshalStrict(raw, &k); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	var out []*unstructured.Unstructured
	for _, r := range k.Resources {
		path := filepath.Join(dir, r)
		read := ReadFile
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			read = Read
		}
		objects, err := read(path)
		if err != nil {
			return nil, err
		}
		out = append(out, objects...)
	}
	return out, nil
}

// ReadFile returns the objects of a file of YAML documents.
func ReadFile(path string) ([]*unstructured.Unstructured, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // a file of this project
	if err != nil {
		return nil, err
	}
	out, err := Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return out, nil
}

// Parse reads YAML documents.
func Parse(text []byte) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		one, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		object := map[string]any{}
		if err := yaml.UnmarshalStrict(one, &object); err != nil {
			return nil, err
		}
		if len(object) > 0 { // comments alone are no object
			out = append(out, &unstructured.Unstructured{Object: object})
		}
	}
}

// Apply brings objects to a cluster, one after the other, by server-side apply. The server refuses fields that it does not know.
func Apply(ctx context.Context, c client.Client, objects ...*unstructured.Unstructured) error {
	for _, o := range objects {
		what := client.ApplyConfigurationFromUnstructured(o.DeepCopy())
		if err := c.Apply(ctx, what, client.FieldOwner("ancho-config"), client.ForceOwnership); err != nil {
			return fmt.Errorf("apply %s %s: %w", o.GetKind(), client.ObjectKeyFromObject(o), err)
		}
	}
	return nil
}
