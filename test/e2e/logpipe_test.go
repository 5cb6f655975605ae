//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/internal/testenv"
)

// fullPipe is a pipe that holds as much as it can, and that nothing reads.
func fullPipe(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	must(t, err)
	t.Cleanup(func() {
		_ = r.Close()
		_ = w.Close()
	})
	raw, err := w.SyscallConn()
	must(t, err)
	var failed error
	must(t, raw.Write(func(fd uintptr) bool {
		for size := 1 << 16; size > 0; size /= 2 {
			for failed == nil {
				_, failed = syscall.Write(int(fd), bytes.Repeat([]byte("x"), size))
			}
			if !errors.Is(failed, syscall.EAGAIN) {
				return true
			}
			failed = nil
		}
		return true
	}))
	must(t, failed)
	return w
}

// startMute is start for a process whose stderr is a full pipe.
func (p *pair) startMute(t *testing.T, path string, config []byte) *member {
	t.Helper()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	must(t, os.WriteFile(kubeconfig, config, 0o600))
	cmd := exec.Command(path, append(p.flags(), "--kubeconfig", kubeconfig, "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0")...) //nolint:noctx // ended below
	cmd.Stderr = fullPipe(t)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	m := &member{dead: make(chan time.Time, 1), process: &process{cmd: cmd, out: &lines{}, log: &lines{}, ended: make(chan struct{})}}
	must(t, cmd.Start())
	go func() {
		defer close(m.ended)
		m.out.read(stdout)
		_ = cmd.Wait() // its exit code is asked for elsewhere
		m.dead <- time.Now()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-m.ended
		if t.Failed() {
			t.Logf("the program wrote:\n%s", m.out.tail(40))
		}
	})
	return m
}

// newMutePair is newPair, with a first that cannot write its log.
func newMutePair(t *testing.T, env *testenv.Env, host string, extra ...string) *pair {
	t.Helper()
	p := &pair{c: newClient(t, env.Config)}
	p.ns = newNamespace(t, p.c)
	for _, name := range append([]string{"a", "b", "c", "d", "e"}, extra...) {
		create(t, p.c, labelled(p.ns, name, map[string]string{"e2e": "leader"}))
	}
	path := buildTestdata(t, "leader")
	through := bytes.ReplaceAll(env.Kubeconfig(), []byte(strings.TrimSuffix(env.Config.Host, "/")), []byte(host))
	p.first = p.startMute(t, path, through)
	p.first.works(t, "a", "b", "c", "d", "e")
	p.second = p.start(t, path, env.Kubeconfig())
	p.second.log.wait(t, "standby: another replica has the lease")
	p.first.works(t, "a", "b", "c", "d", "e")
	return p
}

// TestAFullPipeOnStderr: a program whose log cannot be written works, stops when it is asked to, and ends when its lease is lost,
// before another replica leads.
func TestAFullPipeOnStderr(t *testing.T) {
	t.Parallel()

	t.Run("stopped", func(t *testing.T) {
		t.Parallel()
		env := cluster(t)
		p := newMutePair(t, env, strings.TrimSuffix(env.Config.Host, "/"))
		must(t, p.first.cmd.Process.Signal(syscall.SIGTERM))
		p.ends(t, 0)
		p.apart(t)
	})

	t.Run("cut off", func(t *testing.T) {
		t.Parallel()
		env := cluster(t)
		cfg, proxy := proxied(t, env.Config, 0)
		p := newMutePair(t, env, cfg.Host, "stubborn-1")
		p.first.out.wait(t, "begin stubborn-1")
		proxy.cut()
		p.ends(t, 1)
		p.apart(t)
	})
}
