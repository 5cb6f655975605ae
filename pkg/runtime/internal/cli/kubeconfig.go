package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

const (
	// embeddedMark is the extension of a kubeconfig by which a later start knows the file of a killed program. kubectl keeps
	// extensions when it changes the file.
	embeddedMark = "ancho-embedded"
	// kubeconfigLimit is how many bytes of a kubeconfig are read: an embedded server's has some hundreds.
	kubeconfigLimit = 64 << 10
)

// errNotRegular is about a name that leads to something other than a file, where reading may block or do harm.
var errNotRegular = errors.New("not a regular file")

// KubeconfigFile is a kubeconfig on disk that leads to an embedded server. It is useless once that server has ended.
type KubeconfigFile struct {
	Path   string // absolute
	server string
}

// WriteKubeconfig creates the file, readable by its owner alone. It fails where something has the name already, and replaces
// only the kubeconfig of an embedded server that was killed.
func WriteKubeconfig(path string, text []byte) (*KubeconfigFile, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("the kubeconfig's place: %w", err)
	}
	config, err := clientcmd.Load(text)
	if err != nil {
		return nil, fmt.Errorf("the kubeconfig of the API server in memory: %w", err)
	}
	file := &KubeconfigFile{Path: path, server: onlyServer(config)}
	config.Extensions[embeddedMark] = &apiruntime.Unknown{Raw: []byte(`{}`), ContentType: apiruntime.ContentTypeJSON}
	if text, err = clientcmd.Write(*config); err != nil {
		return nil, fmt.Errorf("the kubeconfig of the API server in memory: %w", err)
	}
	f, err := createFile(path)
	switch {
	case errors.Is(err, fs.ErrExist) && abandoned(path):
		if err := replaceFile(path, text); err != nil {
			return nil, err
		}
		return file, nil
	case errors.Is(err, fs.ErrExist):
		what, todo := taken(path)
		return nil, fmt.Errorf("%s is there already, %s: if another program runs with it, stop that, else %s with --embedded=FILE", path, what, todo)
	case err != nil:
		return nil, fmt.Errorf("write the kubeconfig: %w; name another file with --embedded=FILE", err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(path)
		return nil, fmt.Errorf("write the kubeconfig: %w", err)
	}
	return file, nil
}

// replaceFile puts a new file in the place of another in one step. It never writes to what has the name: a symbolic link that
// was put there meanwhile is replaced itself, not what it leads to.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // a new file, 0600
	if err != nil {
		return fmt.Errorf("write the kubeconfig: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("write the kubeconfig: %w", err)
	}
	return nil
}

// Remove removes the file, also if a user has changed it, as kubectl config set-context does; not if it leads elsewhere.
func (f *KubeconfigFile) Remove() error {
	config, err := readKubeconfig(f.Path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotRegular) || err == nil && onlyServer(config) != f.server {
		return nil
	}
	return os.Remove(f.Path)
}

// readKubeconfig reads a regular file; of anything else it is an error. It follows no symbolic link and waits for no pipe.
func readKubeconfig(path string) (*api.Config, error) {
	named, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !named.Mode().IsRegular() || !ours(named) {
		return nil, fmt.Errorf("%s: %w of this user", path, errNotRegular)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|openCarefully, 0) //nolint:gosec // the user names it
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was read
	if opened, err := f.Stat(); err != nil || !os.SameFile(named, opened) {
		return nil, fmt.Errorf("%s: %w: it was replaced meanwhile", path, errNotRegular)
	}
	text, err := io.ReadAll(io.LimitReader(f, kubeconfigLimit+1))
	if err != nil {
		return nil, err
	}
	if len(text) > kubeconfigLimit {
		return nil, fmt.Errorf("%s: larger than %d bytes, too large for the kubeconfig of an API server in memory", path, kubeconfigLimit)
	}
	return clientcmd.Load(text)
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

// abandoned tells whether a file is the kubeconfig of an embedded server that has ended: a regular file of this user with the
// mark, which leads to a port of the loopback interface that refuses connections. A killed process leaves one behind.
func abandoned(path string) bool {
	config, err := readKubeconfig(path)
	if err != nil || config.Extensions[embeddedMark] == nil {
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
