//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// shownAfter is how many lines of the log that the README shows are there after a command. They are waited for: a Reconcile
// may see two changes as one.
var shownAfter = map[string]int{"create namespace": 1, "create configmap": 2, "patch configmap": 3, "run web": 5, "label pod": 6, "delete pod/web": 8}

// The kubectl commands that the README shows work one after the other, and the examples say what it shows.
func TestReadmeEmbedded(t *testing.T) {
	raw, err := os.ReadFile("../../README.md")
	must(t, err)
	_, text, _ := strings.Cut(string(raw), "\n## See it work\n")
	text, _, _ = strings.Cut(text, "\n## ")
	commands := regexp.MustCompile(`(?m)^kubectl .*$`).FindAllString(text, -1)
	says := regexp.MustCompile(`(?m)^INFO +(.*?) +{(.*)}$`).FindAllStringSubmatch(text, -1)
	if len(commands) < len(shownAfter) || len(says) != 8 {
		t.Fatalf("the README shows %d commands and %d lines of log", len(commands), len(says))
	}
	bin := filepath.Join(t.TempDir(), "examples")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "github.com/ancho-dev/ancho/examples")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p, file := startEmbedded(t, bin)
	k := newKubectl(t, file)
	told := map[string]bool{}
	for _, command := range commands {
		sh := exec.CommandContext(t.Context(), "sh", "-ec", `kubectl() { "$KUBECTL" "$@"; }`+"\n"+command)
		sh.Env, sh.Dir = append([]string{"KUBECTL=" + k.path}, k.env...), k.dir
		if out, err := sh.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		words := strings.Fields(command)
		for _, line := range says[:shownAfter[words[1]+" "+words[2]]] {
			fields := strings.NewReplacer(`": `, `":`, `, "`, `,"`).Replace(line[2])
			p.log.wait(t, `"msg":"`+line[1]+`",`+fields)
			told[line[0]] = true
		}
	}
	if len(told) != len(says) {
		t.Errorf("%d of %d lines were told", len(told), len(says))
	}
}
