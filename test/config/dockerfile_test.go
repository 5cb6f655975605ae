package config

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
)

func dockerfile(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// find returns the one match of a pattern's group.
func find(t *testing.T, pattern, text string) string {
	t.Helper()
	all := regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1)
	if len(all) != 1 {
		t.Fatalf("%d matches of %s", len(all), pattern)
	}
	return all[0][1]
}

// Without cgo the linker makes a program that needs no library, so that it runs in an image that has nothing else. All that
// the program is made of is there without cgo, too.
func TestImageIsStatic(t *testing.T) {
	build := find(t, `(?m)^RUN (CGO_ENABLED=0 go build .* \./examples)$`, dockerfile(t))
	if strings.Contains(build, "linkmode") || strings.Contains(build, "buildmode") {
		t.Errorf("another linker, or not a plain program: %s", build)
	}
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if .CgoFiles}}{{.ImportPath}}{{end}}", "./examples")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	out, err := cmd.CombinedOutput()
	if err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestImage(t *testing.T) {
	text := dockerfile(t)
	_, last, _ := strings.Cut(text, "FROM scratch\n")
	user := find(t, `(?m)^USER (\d+):\d+$`, last)
	pod := the[*appsv1.Deployment](t, ".").Spec.Template.Spec
	if user == "0" || user != strconv.FormatInt(*pod.SecurityContext.RunAsUser, 10) {
		t.Errorf("the image's user is %s, the Pod's %d", user, *pod.SecurityContext.RunAsUser)
	}
	if got := find(t, `(?m)^EXPOSE (\d+)$`, last); got != strconv.Itoa(int(pod.Containers[0].Ports[0].ContainerPort)) {
		t.Errorf("the image's port is %s, the container's %d", got, pod.Containers[0].Ports[0].ContainerPort)
	}
	mod, err := os.ReadFile(filepath.Join("..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if image, module := find(t, `(?m)^FROM golang:(\d+\.\d+) AS build$`, text), find(t, `(?m)^go (\d+\.\d+)\.\d+$`, string(mod)); image != module {
		t.Errorf("the image is built with Go %s, the module wants %s", image, module)
	}
}
