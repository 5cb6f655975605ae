package main

import (
	"fmt"
	"strings"
)

// A set is what one nested module pins and one folder holds.
type set struct {
	module     string // folder of the nested module, from the project's root
	out        string // folder for the binaries, from the project's root; ignored by git
	replacedBy string // environment variable that, where set, names ready-made binaries
	programs   []program
}

// A program is one binary of a set.
type program struct {
	name string // of the binary
	pkg  string // import path of the main package
	// stampedBy is the module whose version is written into the binary as the
	// version of Kubernetes; empty for all others. A kube-apiserver built without it
	// calls itself v0.0.0-master, which clients cannot parse.
	stampedBy string
}

func sets() map[string]set {
	return map[string]set{
		"controlplane": {
			module:     "hack/controlplane",
			out:        "hack/controlplane/bin",
			replacedBy: "KUBEBUILDER_ASSETS",
			programs: []program{
				// etcd's main package is the root of its server module.
				{name: "etcd", pkg: "go.etcd.io/etcd/server/v3"},
				{name: "kube-apiserver", pkg: "k8s.io/kubernetes/cmd/kube-apiserver", stampedBy: "k8s.io/kubernetes"},
				// The client that people use: it has to get along with the API server in memory.
				{name: "kubectl", pkg: "k8s.io/kubernetes/cmd/kubectl", stampedBy: "k8s.io/kubernetes"},
			},
		},
		"tools": {
			module: "hack/tools",
			out:    "bin",
			programs: []program{
				{name: "controller-gen", pkg: "sigs.k8s.io/controller-tools/cmd/controller-gen"},
				{name: "kustomize", pkg: "sigs.k8s.io/kustomize/kustomize/v5"},
				{name: "benchstat", pkg: "golang.org/x/perf/cmd/benchstat"},
				{name: "govulncheck", pkg: "golang.org/x/vuln/cmd/govulncheck"},
				{name: "golangci-lint", pkg: "github.com/golangci/golangci-lint/v2/cmd/golangci-lint"},
			},
		},
	}
}

// ldflags are the linker flags for a program of Kubernetes at version
// ("v1.37.1"), or those without a version where it is empty: symbol tables are
// left out, nobody debugs these binaries.
func ldflags(version string) (string, error) {
	const base = "-s -w"
	if version == "" {
		return base, nil
	}
	major, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, patch, _ := strings.Cut(rest, ".")
	if major == "" || minor == "" || patch == "" {
		return "", fmt.Errorf("version %q is not of the form v1.2.3", version)
	}
	const pkg = "k8s.io/component-base/version"
	return fmt.Sprintf("%s -X %[2]s.gitVersion=%[3]s -X %[2]s.gitMajor=%[4]s -X %[2]s.gitMinor=%[5]s",
		base, pkg, version, major, minor), nil
}
