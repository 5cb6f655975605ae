//go:build e2e && linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// underPod runs a command where a Pod has its service account's files. The folder /var/run is another one for the command
// alone, in a mount namespace of its own.
const underPod = `mount -t tmpfs none /var/run &&
mkdir -p /var/run/secrets/kubernetes.io &&
ln -s "$1" /var/run/secrets/kubernetes.io/serviceaccount &&
shift && exec "$@"`

// account is the folder that a Pod finds at /var/run/secrets/kubernetes.io/serviceaccount.
type account struct{ dir string }

func newAccount(t *testing.T, g *gate, namespace, token string) account {
	t.Helper()
	a := account{t.TempDir()}
	a.write(t, "ca.crt", string(g.ca()))
	a.write(t, "namespace", namespace)
	a.write(t, "token", token)
	return a
}

// write replaces a file as the kubelet does: whole, or not at all.
func (a account) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(a.dir, name)
	must(t, os.WriteFile(path+".new", []byte(text), 0o600))
	must(t, os.Rename(path+".new", path))
}

// startPod runs a program as if it were in a Pod: its only way to the server are the account's files, and two variables.
func startPod(t *testing.T, g *gate, a account, path string, flags ...string) *process {
	t.Helper()
	host, port := g.address(t)
	args := append([]string{"-c", underPod, "sh", a.dir, path}, flags...)
	cmd := exec.Command("sh", append(args, "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log-format", "json")...) //nolint:noctx // ended by startBare
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "KUBERNETES_SERVICE_HOST=" + host, "KUBERNETES_SERVICE_PORT=" + port}
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if id := os.Getuid(); id != 0 { // who is not root may mount in a user namespace
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: id, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	return startBare(t, cmd)
}

// tokenFor issues a token of a ServiceAccount. One that is bound to a Secret is worth nothing when that is gone.
func tokenFor(t *testing.T, set *kubernetes.Clientset, namespace, name, secret string) string {
	t.Helper()
	r := &authenticationv1.TokenRequest{}
	if secret != "" {
		r.Spec.BoundObjectRef = &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Secret", Name: secret}
	}
	r, err := set.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), name, r, metav1.CreateOptions{})
	must(t, err)
	return strings.TrimSpace(r.Status.Token)
}
