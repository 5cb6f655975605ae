package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The table in package kind is what the pinned release's documents give.
func TestTheTableIsUpToDate(t *testing.T) {
	var out bytes.Buffer
	err := run([]string{"-check", "-out", "../../pkg/kind/zz_generated.go", "-controlplane", "../controlplane"}, &out)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "is up to date") {
		t.Errorf("output %q", out.String())
	}
}

func TestCheckFindsAnOldTable(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "api__v1.json"), core)
	file := filepath.Join(dir, "zz.go")
	write(t, file, "package kind\n")
	write(t, filepath.Join(dir, "apis__events.k8s.io__v1.json"), events)
	if err := run([]string{"-check", "-discovery", dir, "-out", file}, nil); !errors.Is(err, errStale) {
		t.Fatalf("error %v, want one that says that the file is old", err)
	}
	if err := run([]string{"-discovery", dir, "-out", file}, nil); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"-check", "-discovery", dir, "-out", file}, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"-check", "-discovery", dir, "-out", filepath.Join(dir, "none.go")}, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v for a file that is not there", err)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const core = `{"kind":"APIResourceList","groupVersion":"v1","resources":[
 {"name":"pods","kind":"Pod","namespaced":true,"verbs":["list","watch"]},
 {"name":"pods/status","kind":"Pod","namespaced":true,"verbs":["get","watch"]},
 {"name":"bindings","kind":"Binding","namespaced":true,"verbs":["create"]},
 {"name":"nodes","kind":"Node","namespaced":false,"verbs":["watch"]},
 {"name":"events","kind":"Event","namespaced":true,"verbs":["watch"]}]}`

const events = `{"kind":"APIResourceList","groupVersion":"events.k8s.io/v1","resources":[
 {"name":"events","kind":"Event","namespaced":true,"verbs":["watch"]}]}`

func TestReadDocuments(t *testing.T) {
	got, err := readDocuments(fstest.MapFS{
		"api__v1.json":                     {Data: []byte(core)},
		"apis__events.k8s.io__v1.json":     {Data: []byte(events)},
		"apis__events.k8s.io.json":         {Data: []byte(`{"kind":"APIGroup","name":"events.k8s.io"}`)},
		"apis.json":                        {Data: []byte(`no JSON, and not read`)},
		"apis__autoscaling__v1.json":       {Data: []byte(`{"kind":"APIResourceList","groupVersion":"autoscaling/v1","resources":[]}`)},
		"apis__a.example.com__v1.json":     {Data: []byte(`{"kind":"APIResourceList","groupVersion":"a/v1","resources":[{"name":"as","kind":"A","group":"b","version":"v2","verbs":["watch"]}]}`)},
		"apis__resources__of__others.json": {Data: []byte(`{"kind":"Other"}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []resource{
		{schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, "pods", true},
		{schema.GroupVersionKind{Version: "v1", Kind: "Node"}, "nodes", false},
		{schema.GroupVersionKind{Version: "v1", Kind: "Event"}, "events", true},
		{schema.GroupVersionKind{Group: "b", Version: "v2", Kind: "A"}, "as", false},
		{schema.GroupVersionKind{Group: "events.k8s.io", Version: "v1", Kind: "Event"}, "events", true},
	}
	if !slices.Equal(got, want) {
		t.Errorf("resources %v, want %v", got, want)
	}
}

func TestReadDocumentsReportsWhatItCannotRead(t *testing.T) {
	for name, dir := range map[string]fstest.MapFS{
		"api__v1.json":     {"api__v1.json": {Data: []byte(`{`)}},
		"apis__a__v1.json": {"apis__a__v1.json": {Data: []byte(`{"kind":"APIResourceList","groupVersion":"a/b/c"}`)}},
		"no discovery":     {"other.json": {Data: []byte(core)}},
	} {
		if _, err := readDocuments(dir); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want one with %q", err, name)
		}
	}
}

func TestSameRelease(t *testing.T) {
	if err := sameRelease("v1.37.1", "v0.37.1"); err != nil {
		t.Error(err)
	}
	if err := sameRelease("v1.37.1", "v0.36.1"); err == nil || !strings.Contains(err.Error(), "v0.36.1") {
		t.Errorf("error %v, want one with both versions", err)
	}
}
