//go:build unix

package cli

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe is neither written to nor read from, which would wait for ever.
func TestFilesThatArePipes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := RecordTo(path); err == nil || !strings.Contains(err.Error(), "pipe") {
		t.Error(err)
	}
	if _, err := WriteKubeconfig(path, kubeconfigFor("http://127.0.0.1:1", "")); err == nil {
		t.Error("written to a pipe")
	}
	if err := (&KubeconfigFile{Path: path, server: "http://127.0.0.1:1"}).Remove(); err != nil {
		t.Error(err)
	}
}
