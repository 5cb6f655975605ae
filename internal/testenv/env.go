package testenv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// How long a server may take to answer after its start, and to end after
// SIGTERM. Far more than needed (two seconds, and one), for machines that are
// busy with other things.
const (
	startTimeout = 2 * time.Minute
	stopTimeout  = time.Minute
)

var errStopped = errors.New("the control plane was stopped: start a new one")

// Options says how the control plane is started. The zero value is a working
// one.
type Options struct {
	// APIServerArgs are flags for kube-apiserver, each of the form
	// "--name=value". A flag named here replaces envtest's own of that name; one
	// that is named twice is passed twice.
	APIServerArgs []string
	// APIServerEnv are variables of the environment of kube-apiserver, "NAME=value"
	// each, in addition to the variables of this process.
	APIServerEnv []string
	// Log receives what both servers write, for as long as they run, one write at a
	// time. Default: nothing is shown; an error of a start always carries the last
	// lines.
	Log io.Writer
	// Progress receives the lines of a build of missing binaries. Default:
	// os.Stderr.
	Progress io.Writer
}

// Env is a running control plane. Its methods may be called from several
// goroutines; methods that start and stop servers wait for each other.
type Env struct {
	// Config connects as a cluster administrator, without client-side rate limit.
	// It stays valid when the API server is started again. Not to be changed: copy
	// it with rest.CopyConfig.
	Config *rest.Config

	dir        string // holds everything: binaries' launchers, certificates, data
	kubeconfig []byte
	guardian   *guardian
	logs       map[string]*tail
	opts       Options
	binary     string // of kube-apiserver

	mu        sync.Mutex // held while servers are started and stopped
	plane     envtest.ControlPlane
	etcd      *server // nil while it does not run
	apiServer *server // nil while it does not run
	second    *server // of a Pair; nil if there is none
	stopped   bool
}

// Start starts etcd and the API server, and returns once /readyz says ok and the
// namespaces default and kube-system are there. It builds the binaries first if there are none, which takes minutes; ctx ends
// that, and the waiting, but not a control plane that Start has returned: that
// runs until Stop.
func Start(ctx context.Context, opts Options) (*Env, error) {
	bin, err := binaries(ctx, opts.Progress)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "ancho-testenv-")
	if err != nil {
		return nil, fmt.Errorf("create a folder for the control plane: %w", err)
	}
	e := &Env{dir: dir, logs: map[string]*tail{}}
	if err := e.start(ctx, bin, opts); err != nil {
		return nil, errors.Join(err, e.Stop())
	}
	return e, nil
}

func (e *Env) start(ctx context.Context, bin string, opts Options) error {
	e.mu.Lock()
	defer e.mu.Unlock()

	var err error
	if e.guardian, err = startGuardian(e.dir); err != nil {
		return err
	}
	etcd, apiServer := &envtest.Etcd{}, &envtest.APIServer{}
	if etcd.Path, err = writeLauncher(e.dir, filepath.Join(bin, etcdName), etcdName); err != nil {
		return err
	}
	e.opts, e.binary = opts, filepath.Join(bin, apiServerName)
	if apiServer.Path, err = writeLauncher(e.dir, e.binary, apiServerName, opts.APIServerEnv...); err != nil {
		return err
	}
	// Folders of our own: envtest removes those it made itself when a server
	// stops, and with them what a restart needs.
	if etcd.DataDir, err = subdir(e.dir, "data"); err != nil {
		return err
	}
	if apiServer.CertDir, err = subdir(e.dir, "certs"); err != nil {
		return err
	}
	etcd.StartTimeout, apiServer.StartTimeout = startTimeout, startTimeout
	etcd.StopTimeout, apiServer.StopTimeout = stopTimeout, stopTimeout
	logs := newTails(opts.Log, 3)
	e.logs[etcdName], e.logs[apiServerName], e.logs[secondName] = logs[0], logs[1], logs[2]
	etcd.Out, etcd.Err = e.logs[etcdName], e.logs[etcdName]
	apiServer.Out, apiServer.Err = e.logs[apiServerName], e.logs[apiServerName]

	// The data need not outlive the machine.
	etcd.Configure().Set("unsafe-no-fsync", "true")
	if err := configure(apiServer, opts); err != nil {
		return err
	}

	e.plane = envtest.ControlPlane{Etcd: etcd, APIServer: apiServer}
	err = e.plane.Start()
	if err := errors.Join(err, e.adopt()); err != nil {
		return e.explain("start the control plane", err)
	}
	admin, err := e.plane.AddUser(envtest.User{Name: "admin", Groups: []string{"system:masters"}}, &rest.Config{QPS: -1})
	if err != nil {
		return fmt.Errorf("issue the administrator's certificate: %w", err)
	}
	e.Config = admin.Config()
	if e.kubeconfig, err = admin.KubeConfig(); err != nil {
		return fmt.Errorf("write the administrator's kubeconfig: %w", err)
	}
	return e.waitReady(ctx, e.Config)
}

// configure gives an API server its flags.
func configure(s *envtest.APIServer, opts Options) error {
	s.Configure().Set("authorization-mode", "RBAC")
	return setArgs(s.Configure(), opts.APIServerArgs)
}

// Kubeconfig is a kubeconfig file for the user of Config.
func (e *Env) Kubeconfig() []byte { return e.kubeconfig }

// User returns a connection as a user that may do nothing but what RBAC grants
// to name or to one of groups, without client-side rate limit. Users need not be
// made known beforehand: a certificate says who they are.
func (e *Env) User(name string, groups ...string) (*rest.Config, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	user, err := e.plane.AddUser(envtest.User{Name: name, Groups: groups}, &rest.Config{QPS: -1})
	if err != nil {
		return nil, fmt.Errorf("issue a certificate for user %s: %w", name, err)
	}
	return user.Config(), nil
}

// Stop ends both servers and removes their data. A second call does nothing.
// It kills them: nothing reads what they would still have written.
func (e *Env) Stop() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped {
		return nil
	}
	e.stopped = true
	errs := []error{e.end(&e.second, os.Kill), e.end(&e.apiServer, os.Kill), e.end(&e.etcd, os.Kill)}
	// The guardian goes last, so that a process killed while it stops leaves
	// nothing behind either.
	errs = append(errs, e.guardian.stop())
	if err := os.RemoveAll(e.dir); err != nil {
		errs = append(errs, fmt.Errorf("remove the data of the control plane: %w", err))
	}
	return errors.Join(errs...)
}

// explain adds the last lines of the servers' logs to the error of a start.
func (e *Env) explain(what string, err error) error {
	var b strings.Builder
	for _, name := range []string{etcdName, apiServerName, secondName} {
		if lines := e.logs[name].String(); lines != "" {
			fmt.Fprintf(&b, "\nlast lines of %s:\n%s", name, lines)
		}
	}
	return fmt.Errorf("%s: %w%s", what, err, b.String())
}

func subdir(dir, name string) (string, error) {
	path := filepath.Join(dir, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		return "", fmt.Errorf("create a folder for the control plane: %w", err)
	}
	return path, nil
}

// setArgs puts flags of the form --name=value over envtest's defaults.
func setArgs(into *envtest.Arguments, args []string) error {
	values := map[string][]string{}
	for _, arg := range args {
		name, value, ok := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		if !ok || name == "" || !strings.HasPrefix(arg, "--") {
			return fmt.Errorf("flag %q of the API server is not of the form --name=value", arg)
		}
		values[name] = append(values[name], value)
	}
	for name, v := range values {
		into.Set(name, v...)
	}
	return nil
}
