package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// resource is one watchable resource in one version.
type resource struct {
	gvk        schema.GroupVersionKind
	plural     string
	namespaced bool
}

// readDocuments reads the watchable resources of all groups and versions. Each version has its own
// document, named api__v1.json for the core group and apis__GROUP__VERSION.json for the others.
func readDocuments(dir fs.FS) ([]resource, error) {
	names, err := fs.Glob(dir, "api*__*.json")
	if err != nil {
		return nil, err
	}
	var all []resource
	for _, name := range names {
		raw, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		var list metav1.APIResourceList
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if list.Kind != "APIResourceList" {
			continue // the document of a group, which lists its versions
		}
		found, err := watchable(list)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return nil, errors.New("no discovery document there lists a watchable resource")
	}
	return all, nil
}

// watchable picks the resources of one version that can be watched; subresources cannot.
func watchable(list metav1.APIResourceList) ([]resource, error) {
	gv, err := schema.ParseGroupVersion(list.GroupVersion)
	if err != nil {
		return nil, err
	}
	var found []resource
	for _, r := range list.APIResources {
		if strings.Contains(r.Name, "/") || !slices.Contains(r.Verbs, "watch") {
			continue
		}
		gvk := gv.WithKind(r.Kind)
		if r.Group != "" {
			gvk.Group = r.Group
		}
		if r.Version != "" {
			gvk.Version = r.Version
		}
		found = append(found, resource{gvk: gvk, plural: r.Name, namespaced: r.Namespaced})
	}
	return found, nil
}

// locateDocuments finds the discovery documents of the Kubernetes release that the given module
// requires, downloading the release's module where it is not there yet, and returns the release.
func locateDocuments(controlPlane string) (dir, release string, err error) {
	var kubernetes struct {
		Version string `json:"Version"`
		Dir     string `json:"Dir"`
		Error   string `json:"Error"`
	}
	out, err := command(controlPlane, "mod", "download", "-json", "k8s.io/kubernetes")
	if err != nil {
		return "", "", err
	}
	if err := json.Unmarshal(out, &kubernetes); err != nil {
		return "", "", fmt.Errorf("the output of go mod download: %w", err)
	}
	if kubernetes.Dir == "" {
		return "", "", fmt.Errorf("k8s.io/kubernetes %s has no source folder: %s", kubernetes.Version, kubernetes.Error)
	}
	api, err := command(".", "list", "-m", "-f", "{{.Version}}", "k8s.io/api")
	if err != nil {
		return "", "", err
	}
	if err := sameRelease(kubernetes.Version, strings.TrimSpace(string(api))); err != nil {
		return "", "", err
	}
	return filepath.Join(kubernetes.Dir, "api", "discovery"), kubernetes.Version, nil
}

// sameRelease compares k8s.io/kubernetes v1.x.y with k8s.io/api v0.x.y.
func sameRelease(kubernetes, api string) error {
	if strings.TrimPrefix(kubernetes, "v1.") != strings.TrimPrefix(api, "v0.") {
		return fmt.Errorf("k8s.io/kubernetes %s and k8s.io/api %s are not of one release: raise them together", kubernetes, api)
	}
	return nil
}

func command(dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(context.Background(), "go", args...) //nolint:gosec // fixed arguments
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go %s in %s: %w: %s%s", strings.Join(args, " "), dir, err, &stdout, &stderr)
	}
	return stdout.Bytes(), nil
}
