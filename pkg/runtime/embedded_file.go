package runtime

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// kubeconfigFile is a kubeconfig on disk that leads to an embedded server. It is worth nothing when that has gone.
type kubeconfigFile struct {
	path   string // absolute
	server string
}

// writeKubeconfig makes the file, readable for its user alone. A file that is there already is left alone, unless it was left
// behind by an embedded server that has gone.
func writeKubeconfig(path string, text []byte) (*kubeconfigFile, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("the kubeconfig's place: %w", err)
	}
	config, err := clientcmd.Load(text)
	if err != nil {
		return nil, fmt.Errorf("the kubeconfig of the API server in memory: %w", err)
	}
	file := &kubeconfigFile{path: path, server: onlyServer(config)}
	if abandoned(path) {
		_ = os.Remove(path) // if that fails, so does the next step, and says why
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the user names it
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, fmt.Errorf("%s is there already: stop the program that uses it, remove it, or name another file with --embedded=FILE", path)
	case err != nil:
		return nil, fmt.Errorf("write the kubeconfig: %w; name another file with --embedded=FILE", err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(path) // what is written of it helps nobody
		return nil, fmt.Errorf("write the kubeconfig: %w", err)
	}
	return file, nil
}

// remove removes the file, also if somebody has changed it, such as kubectl config set-context; not if it leads elsewhere.
func (f *kubeconfigFile) remove() error {
	config, err := clientcmd.LoadFromFile(f.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && onlyServer(config) != f.server {
		return nil
	}
	return os.Remove(f.path)
}

// onlyServer is the address of a kubeconfig that has one server and no way to authenticate; empty for others.
func onlyServer(config *api.Config) string {
	if len(config.Clusters) != 1 {
		return ""
	}
	for _, user := range config.AuthInfos {
		bare := api.AuthInfo{LocationOfOrigin: user.LocationOfOrigin, Extensions: user.Extensions}
		if !equality.Semantic.DeepEqual(user, &bare) {
			return ""
		}
	}
	for _, c := range config.Clusters {
		return c.Server
	}
	return ""
}

// abandoned tells whether a file is a kubeconfig for an embedded server, and nobody listens there any more. A process that was
// killed leaves one behind.
func abandoned(path string) bool {
	config, err := clientcmd.LoadFromFile(path)
	if err != nil {
		return false
	}
	u, err := url.Parse(onlyServer(config))
	if err != nil || u.Scheme != "http" || u.Port() == "" {
		return false
	}
	if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsLoopback() {
		return false
	}
	c, err := net.DialTimeout("tcp", u.Host, time.Second) //nolint:noctx // a loopback address answers at once
	if err == nil {
		_ = c.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
