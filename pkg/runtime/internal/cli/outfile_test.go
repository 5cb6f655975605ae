package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// inTheWay are names that a file must not be written to, each with how to see that it was left alone.
func inTheWay(t *testing.T) map[string]func() (path string, untouched func() bool) {
	t.Helper()
	mine := func(t *testing.T) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "mine")
		if err := os.WriteFile(path, []byte("mine"), 0o640); err != nil {
			t.Fatal(err)
		}
		return path
	}
	same := func(path string) func() bool {
		return func() bool {
			text, err := os.ReadFile(path)
			info, errInfo := os.Stat(path)
			return err == nil && errInfo == nil && string(text) == "mine" && info.Mode().Perm() == 0o640
		}
	}
	link := func(to string) string {
		path := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return map[string]func() (string, func() bool){
		"a file has this name": func() (string, func() bool) {
			path := mine(t)
			return path, same(path)
		},
		"a symbolic link": func() (string, func() bool) {
			path := mine(t)
			return link(path), same(path)
		},
		"a symbolic link has this name": func() (string, func() bool) { // that leads nowhere yet
			to := filepath.Join(t.TempDir(), "to")
			return link(to), func() bool {
				_, err := os.Lstat(to)
				return err != nil
			}
		},
		"a directory has this name already, and Ancho writes only files that it creates: name another": func() (string, func() bool) {
			dir := t.TempDir()
			return dir, func() bool {
				info, err := os.Stat(dir)
				return err == nil && info.IsDir()
			}
		},
		"a device, pipe or socket has this name already, and Ancho writes only files that it creates: name another": func() (string, func() bool) {
			was, err := os.Stat(os.DevNull)
			if err != nil {
				t.Fatal(err)
			}
			return os.DevNull, func() bool {
				is, err := os.Stat(os.DevNull)
				return err == nil && is.Mode() == was.Mode()
			}
		},
	}
}

// A recording goes to a file that the program creates, for its owner alone. Whatever has the name already is left alone, and the
// error says what that is and what to do.
func TestRecordCreatesItsFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "tape")
	f, err := RecordTo(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if is, err := os.Stat(name); err != nil || is.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", is.Mode(), err)
	}
	for what, put := range inTheWay(t) {
		path, untouched := put()
		f, err := RecordTo(path)
		if err == nil {
			_ = f.Close()
			t.Errorf("%s: written to", what)
			continue
		}
		if !strings.Contains(err.Error(), "--record "+path) || !strings.Contains(err.Error(), what) || !strings.Contains(err.Error(), "name another file") {
			t.Errorf("%s: %v", what, err)
		}
		if !untouched() {
			t.Errorf("%s: it was changed", what)
		}
	}
	if _, err := RecordTo(filepath.Join(name, "no")); err == nil || !strings.Contains(err.Error(), "--record") {
		t.Error(err)
	}
}

// The kubeconfig of --embedded is no different.
func TestKubeconfigFileInTheWay(t *testing.T) {
	for what, put := range inTheWay(t) {
		path, untouched := put()
		if _, err := WriteKubeconfig(path, kubeconfigFor("http://127.0.0.1:1", "")); err == nil || !strings.Contains(err.Error(), "--embedded=FILE") {
			t.Errorf("%s: %v", what, err)
		}
		if !untouched() {
			t.Errorf("%s: it was changed", what)
		}
	}
}

// A symbolic link to a file that a killed program left behind is a link all the same: only the file itself is replaced.
func TestKubeconfigFileBehindALink(t *testing.T) {
	dead, dir := silentAddress(t), t.TempDir()
	left, link := filepath.Join(dir, "left"), filepath.Join(dir, "link")
	if _, err := WriteKubeconfig(left, kubeconfigFor(dead, "")); err != nil {
		t.Fatal(err)
	}
	was, err := os.ReadFile(left)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(left, link); err != nil {
		t.Fatal(err)
	}
	if _, err := WriteKubeconfig(link, kubeconfigFor("http://127.0.0.1:1", "")); err == nil {
		t.Error("written through a symbolic link")
	}
	if is, err := os.ReadFile(left); err != nil || !bytes.Equal(is, was) {
		t.Errorf("the file is now %q, %v", is, err)
	}
	f, err := WriteKubeconfig(left, kubeconfigFor("http://127.0.0.1:1", ""))
	if err != nil {
		t.Fatalf("what a killed program left behind is in the way: %v", err)
	}
	if is, err := os.Lstat(left); err != nil || is.Mode() != 0o600 {
		t.Errorf("%v, %v", is, err)
	}
	if rest, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(rest) > 0 {
		t.Errorf("left behind: %v, %v", rest, err)
	}
	if err := f.Remove(); err != nil {
		t.Error(err)
	}
}
