package docs

import (
	"regexp"
	"strings"
	"testing"
)

// The versions that docs/releases.md names are the ones that the go.mod files require.
func TestSupportedVersions(t *testing.T) {
	page := read(t, "docs/releases.md")
	for _, c := range []struct{ module, require, want string }{
		{"go.mod", `(?m)^go (\d+\.\d+)`, "Ancho needs Go %s,"},
		{"go.mod", `(?m)^\tk8s\.io/client-go (v\d+\.\d+)`, "| Kubernetes libraries (client-go, apimachinery, api) | %s |"},
		{"go.mod", `(?m)^\tsigs\.k8s\.io/controller-runtime (v\d+\.\d+)`, "| controller-runtime, for its client | %s |"},
		{"hack/controlplane/go.mod", `(?m)^\tk8s\.io/kubernetes (v\d+\.\d+)`, "| kube-apiserver in the end-to-end tests | %s |"},
	} {
		m := regexp.MustCompile(c.require).FindStringSubmatch(read(t, c.module))
		if m == nil {
			t.Errorf("%s has no line like %s", c.module, c.require)
			continue
		}
		if want := strings.Replace(c.want, "%s", m[1], 1); !strings.Contains(page, want) {
			t.Errorf("docs/releases.md does not say %q, the version in %s", want, c.module)
		}
	}
}

// CI installs the Go version of go.mod and runs what developers run.
func TestWorkflow(t *testing.T) {
	workflow := read(t, ".github/workflows/test.yml")
	for _, want := range []string{"go-version-file: go.mod", "run: make test\n", "hack/controlplane/bin\n"} {
		if !strings.Contains(workflow, want) {
			t.Errorf(".github/workflows/test.yml does not contain %q", want)
		}
	}
}
