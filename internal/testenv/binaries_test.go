package testenv

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

func TestAssetsWin(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(assetsEnv, dir)
	_, err := binaries(t.Context(), io.Discard)
	if err == nil || !strings.Contains(err.Error(), assetsEnv) || !strings.Contains(err.Error(), etcdName) {
		t.Fatalf("got %v, want an error that names the variable and the missing binary", err)
	}

	for _, name := range []string{etcdName, apiServerName} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	got, err := binaries(t.Context(), io.Discard)
	if err != nil || got != dir {
		t.Fatalf("got %q, %v, want %q", got, err, dir)
	}
}

// kubectl is asked for by itself: most who set the variable have the servers only.
func TestKubectl(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(assetsEnv, dir)
	if got, err := Kubectl(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), assetsEnv) || !strings.Contains(err.Error(), "no binary of kubectl") {
		t.Errorf("got %q, %v, want an error that names the variable and the missing binary", got, err)
	}
	want := filepath.Join(dir, "kubectl")
	if err := os.WriteFile(want, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if got, err := Kubectl(t.Context(), io.Discard); err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// A launcher must find its binary from whatever folder it is started in.
func TestAssetsBecomeAbsolute(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("bin", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{etcdName, apiServerName} {
		if err := os.WriteFile(filepath.Join("bin", name), nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv(assetsEnv, "bin")
	got, err := binaries(t.Context(), io.Discard)
	if err != nil || !filepath.IsAbs(got) {
		t.Fatalf("got %q, %v, want an absolute path", got, err)
	}
}

// project makes the working directory that of a project with this module path,
// whose build is the program given.
func project(t *testing.T, program string) (root string) {
	t.Helper()
	root = t.TempDir()
	build := filepath.Join(root, "hack", "build")
	if err := os.MkdirAll(build, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string]string{
		filepath.Join(root, "go.mod"):   "module " + modulePath + "\n\ngo 1.26.0\n",
		filepath.Join(build, "main.go"): program,
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(build)
	t.Setenv(assetsEnv, "")
	return root
}

func TestMissingBinariesAreBuilt(t *testing.T) {
	root := project(t, `package main

import "os"

func main() {
	println("asked for", os.Args[1])
	_ = os.MkdirAll("hack/controlplane/bin", 0o700)
	_ = os.WriteFile("hack/controlplane/bin/etcd", nil, 0o700)
	_ = os.WriteFile("hack/controlplane/bin/kube-apiserver", nil, 0o700)
}
`)
	var progress strings.Builder
	got, err := binaries(t.Context(), &progress)
	if want := filepath.Join(root, "hack", "controlplane", "bin"); err != nil || got != want {
		t.Fatalf("got %q, %v, want %q", got, err, want)
	}
	if !strings.Contains(progress.String(), "asked for controlplane") {
		t.Errorf("got %q, want what the build says", progress.String())
	}

	progress.Reset()
	if _, err := binaries(t.Context(), &progress); err != nil || progress.Len() != 0 {
		t.Errorf("built again: %q, %v", progress.String(), err)
	}
}

func TestFailedBuildIsAnError(t *testing.T) {
	project(t, "package main\n\nfunc main() { panic(1) }\n")
	if dir, err := binaries(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "make controlplane") {
		t.Errorf("a build that fails: got %q, %v", dir, err)
	}
	project(t, "package main\n\nfunc main() {}\n")
	if dir, err := binaries(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), etcdName) {
		t.Errorf("a build that builds nothing: got %q, %v", dir, err)
	}
}

func TestCompleteWantsPrograms(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{etcdName, apiServerName} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := complete(dir, etcdName, apiServerName); err == nil {
		t.Error("files that cannot be executed are no binaries")
	}
}

func TestModuleRoot(t *testing.T) {
	top := t.TempDir()
	deep := filepath.Join(top, "hack", "nested", "pkg")
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, module := range map[string]string{
		filepath.Join(top, "go.mod"):                   "// a comment\nmodule " + modulePath + "\n",
		filepath.Join(top, "hack", "nested", "go.mod"): "module " + modulePath + "/hack/nested\n",
	} {
		if err := os.WriteFile(path, []byte(module), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := moduleRoot(deep); err != nil || got != top {
		t.Errorf("got %q, %v, want %q past the nested module", got, err, top)
	}
	if got, err := moduleRoot(t.TempDir()); err == nil {
		t.Errorf("got %q, want an error outside the module", got)
	}
}

func TestSetArgs(t *testing.T) {
	args := envtest.EmptyArguments()
	err := setArgs(args, []string{"--a=1", "--b=x=y", "--a=2"})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(args.AsStrings(map[string][]string{"a": {"envtest's own"}, "c": {"3"}}), " ")
	for _, want := range []string{"--a=1", "--a=2", "--b=x=y", "--c=3"} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s, want %s in it", got, want)
		}
	}
	if strings.Contains(got, "own") {
		t.Errorf("got %s, want a named flag to replace the default", got)
	}
	for _, wrong := range []string{"a=1", "--a", "--=1", "-a=1", ""} {
		if err := setArgs(args, []string{wrong}); err == nil {
			t.Errorf("%q: want an error", wrong)
		}
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	var all strings.Builder
	tails := newTails(&all, 2)
	log, other := tails[0], tails[1]
	for range 3 * tailSize / 10 {
		if n, err := log.Write([]byte("0123456789")); n != 10 || err != nil {
			t.Fatal(n, err)
		}
	}
	if _, err := log.Write([]byte("end")); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); len(got) != tailSize || !strings.HasSuffix(got, "789end") {
		t.Errorf("kept %d bytes, ending in %q", len(got), got[max(0, len(got)-10):])
	}
	if want := 3*tailSize/10*10 + 3; all.Len() != want {
		t.Errorf("passed on %d bytes, want %d", all.Len(), want)
	}
	if got := other.String(); got != "" {
		t.Errorf("the other server's log says %q", got)
	}
	if got := (*tail)(nil).String(); got != "" {
		t.Errorf("no log says %q", got)
	}
}
