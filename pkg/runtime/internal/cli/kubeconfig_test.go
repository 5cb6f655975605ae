package cli

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// listening is an address where somebody listens, until the test ends.
func listening(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // at once
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return "http://" + l.Addr().String()
}

func TestKubeconfigFile(t *testing.T) {
	t.Chdir(t.TempDir())
	text := kubeconfigFor("http://127.0.0.1:1", "")
	f, err := WriteKubeconfig("a", text)
	if err != nil || !filepath.IsAbs(f.Path) {
		t.Fatalf("%+v, %v", f, err)
	}
	got, err := os.ReadFile("a")
	info, errInfo := os.Stat("a")
	if err != nil || errInfo != nil || !bytes.Contains(got, []byte("server: http://127.0.0.1:1")) || info.Mode().Perm() != 0o600 {
		t.Errorf("%q, %v, %v, %v", got, info, err, errInfo)
	}
	if err := f.Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat("a"); err == nil {
		t.Error("it is left behind")
	}
	if err := f.Remove(); err != nil {
		t.Errorf("a file that somebody removed: %v", err)
	}
	if _, err := WriteKubeconfig(filepath.Join("no", "folder"), text); err == nil || !strings.Contains(err.Error(), "--embedded=FILE") {
		t.Errorf("got %v, want to be told what to do", err)
	}
}

// What users do to the file while it is there, such as kubectl config set-context, is no reason to keep it; but a file that
// leads elsewhere is not ours any more.
func TestKubeconfigFileThatChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	for _, c := range []struct {
		now  []byte
		gone bool
	}{
		{append(kubeconfigFor("http://127.0.0.1:1", ""), "preferences: {}\n"...), true},
		{kubeconfigFor("http://127.0.0.1:2", ""), false},
		{kubeconfigFor("http://127.0.0.1:1", "token: secret"), false},
	} {
		f, err := WriteKubeconfig(path, kubeconfigFor("http://127.0.0.1:1", ""))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, c.now, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := f.Remove(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(path); (err != nil) != c.gone {
			t.Errorf("%s: %v, want it gone: %t", c.now, err, c.gone)
		}
		_ = os.Remove(path) // it may have gone
	}
}

// marked is kubeconfigFor with the mark of --embedded.
func marked(address, user string) []byte {
	return append(kubeconfigFor(address, user), "extensions: [{name: "+embeddedMark+", extension: {}}]\n"...)
}

// Only what a program left behind that was killed is written over.
func TestKubeconfigFileThatIsThere(t *testing.T) {
	dead, path := silentAddress(t), filepath.Join(t.TempDir(), "a")
	for name, c := range map[string]struct {
		there []byte
		over  bool
	}{
		"left behind":      {marked(dead, ""), true},
		"without the mark": {kubeconfigFor(dead, ""), false},
		"in use":           {marked(listening(t), ""), false},
		"with credentials": {marked(dead, "token: secret"), false},
		"with TLS":         {marked(strings.Replace(dead, "http", "https", 1), ""), false},
		"far away":         {marked("http://192.0.2.1:80", ""), false},
		"by name":          {marked("http://localhost:1", ""), false},
		"of two clusters":  {[]byte(strings.Replace(string(marked(dead, "")), "clusters: [", "clusters: [{name: b, cluster: {}}, ", 1)), false},
		"no kubeconfig":    {[]byte("mine"), false},
		"empty":            {nil, false},
		"too large":        {append(marked(dead, ""), strings.Repeat("# padding\n", kubeconfigLimit/8)...), false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, c.there, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := WriteKubeconfig(path, kubeconfigFor("http://127.0.0.1:1", ""))
			if (err == nil) != c.over {
				t.Fatalf("%v, want it written over: %t", err, c.over)
			}
			if got, errRead := os.ReadFile(path); errRead != nil || err != nil && !bytes.Equal(got, c.there) {
				t.Errorf("somebody's file is now %q, %v", got, errRead)
			}
		})
	}
}

// kubeconfigFor is a kubeconfig for a server, with what a user has there.
func kubeconfigFor(address, user string) []byte {
	return []byte("apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n" +
		"clusters: [{name: a, cluster: {server: '" + address + "'}}]\nusers: [{name: a, user: {" + user + "}}]\n")
}

// silentAddress is one where nobody listens.
func silentAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // at once
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return "http://" + l.Addr().String()
}
