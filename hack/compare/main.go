package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// row is a part of both programs: where it is, from the project's root.
type row struct {
	what              string
	ancho, controller []string
}

func rows() []row {
	shared := []string{"examples/03-webapp/api/v1", "examples/03-webapp/parts"}
	return []row{
		{"the program: flags, logs, health, start", []string{"examples/main.go"}, []string{"hack/compare/webapp/main.go"}},
		{
			"the controller", []string{"examples/03-webapp"},
			[]string{"hack/compare/webapp/setup.go", "hack/compare/webapp/reconcile.go"},
		},
		{"used by both: the kind, and its parts", shared, shared},
	}
}

func main() {
	text, err := table(filepath.Join("..", ".."))
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
	_, _ = os.Stdout.WriteString(text)
}

// table is what the README shows, for the project in a folder.
func table(root string) (string, error) {
	var b strings.Builder
	b.WriteString("| lines of code | Ancho | controller-runtime |\n| --- | ---: | ---: |\n")
	ancho, controller := 0, 0
	all := rows()
	for i, r := range all {
		left, right, err := r.count(root)
		if err != nil {
			return "", err
		}
		if i == len(all)-1 {
			fmt.Fprintf(&b, "| **together** | **%d** | **%d** |\n", ancho, controller)
		}
		fmt.Fprintf(&b, "| %s | %d | %d |\n", r.what, left, right)
		ancho, controller = ancho+left, controller+right
	}
	fmt.Fprintf(&b, "| all of it | %d | %d |\n", ancho, controller)
	return b.String(), nil
}

func (r row) count(root string) (ancho, controller int, err error) {
	if ancho, err = linesOf(under(root, r.ancho)...); err != nil {
		return 0, 0, err
	}
	controller, err = linesOf(under(root, r.controller)...)
	return ancho, controller, err
}

func under(root string, paths []string) []string {
	var out []string
	for _, p := range paths {
		out = append(out, filepath.Join(root, p))
	}
	return out
}
