// Command genkinds writes the table of built-in kinds of package kind: one variable for every
// watchable kind that the API server of one Kubernetes release serves by itself.
//
// What is watchable, under which plural and in which scope, comes from the discovery documents
// that the module k8s.io/kubernetes ships (api/discovery), in the version that the control plane
// of this repository's tests is built from. Which Go type belongs to a kind comes from the schemes
// of client-go, apiextensions-apiserver and kube-aggregator. Nothing is guessed: a watchable kind
// without a Go type, and two kinds of one name, end the program unless a table in this package
// says what to do about them.
//
// With -check it writes nothing and fails if the file is not what it would write.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "genkinds:", err)
		os.Exit(1)
	}
}

// errStale says that the file is not what the documents and the Go types give.
var errStale = errors.New("is not up to date: run go generate ./pkg/kind")

func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("genkinds", flag.ContinueOnError)
	out := flags.String("out", "zz_generated.go", "file to write")
	controlPlane := flags.String("controlplane", "../../hack/controlplane", "folder of the module that requires k8s.io/kubernetes")
	documents := flags.String("discovery", "", "folder with the discovery documents (default: api/discovery of k8s.io/kubernetes)")
	check := flags.Bool("check", false, "write nothing; fail if the file would change")
	if err := flags.Parse(args); err != nil {
		return err
	}
	release := ""
	if *documents == "" {
		var err error
		if *documents, release, err = locateDocuments(*controlPlane); err != nil {
			return err
		}
	}
	source, err := generate(*documents, release)
	if err != nil {
		return err
	}
	if !*check {
		return os.WriteFile(*out, source, 0o644) //nolint:gosec // source code, as readable as the rest
	}
	have, err := os.ReadFile(*out)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, source) {
		return fmt.Errorf("%s %w", *out, errStale)
	}
	_, err = fmt.Fprintln(stdout, *out, "is up to date")
	return err
}

// generate reads the documents and returns the source of the table.
func generate(documents, release string) ([]byte, error) {
	served, err := readDocuments(os.DirFS(documents))
	if err != nil {
		return nil, err
	}
	types, err := goTypes()
	if err != nil {
		return nil, err
	}
	table, err := choose(served, types, names, untyped)
	if err != nil {
		return nil, err
	}
	return render(table, release)
}
