//go:build e2e

package e2e

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/testenv"
)

// The durations of the leases: short, so that the tests are, but not so short that a machine with other work loses one.
const (
	leaseDuration = 8 * time.Second
	renewDeadline = 5 * time.Second
	retryPeriod   = 500 * time.Millisecond
)

// pair are two processes of one program that want the same Lease: the first leads, the second stands by.
type pair struct {
	c             client.Client
	ns            string
	first, second *member
}

// member is one of them.
type member struct {
	*process
	dead chan time.Time // when it ended
}

// newPair starts both, with objects to work on. The first talks to the server at firstHost, if that is not empty.
func newPair(t *testing.T, env *testenv.Env, firstHost string, extra ...string) *pair {
	t.Helper()
	p := &pair{c: newClient(t, env.Config)}
	p.ns = newNamespace(t, p.c)
	for _, name := range append([]string{"a", "b", "c", "d", "e"}, extra...) {
		create(t, p.c, labelled(p.ns, name, map[string]string{"e2e": "leader"}))
	}
	path := buildTestdata(t, "leader")
	kubeconfig := env.Kubeconfig()
	if firstHost != "" {
		was := strings.TrimSuffix(env.Config.Host, "/")
		through := bytes.ReplaceAll(kubeconfig, []byte(was), []byte(firstHost))
		if bytes.Equal(through, kubeconfig) {
			t.Fatalf("%s is not in the kubeconfig:\n%s", was, kubeconfig)
		}
		kubeconfig = through
	}
	p.first = p.start(t, path, kubeconfig)
	p.first.log.wait(t, "leading: this replica has the lease")
	p.second = p.start(t, path, env.Kubeconfig())
	p.second.log.wait(t, "standby: another replica has the lease")
	p.first.works(t, "a", "b", "c", "d", "e")
	if code, text := p.second.get(t, "/readyz"); code != 200 || !strings.Contains(text, "standby, leader") {
		t.Errorf("the standby is not ready: %d %s", code, text)
	}
	return p
}

func (p *pair) start(t *testing.T, path string, kubeconfig []byte) *member {
	t.Helper()
	m := &member{dead: make(chan time.Time, 1), process: startProcessAt(t, path, kubeconfig, p.flags()...)}
	go func() {
		<-m.ended
		m.dead <- time.Now()
	}()
	return m
}

func (p *pair) flags() []string {
	return []string{
		"--namespace", p.ns, "--leader-elect", "--leader-elect-resource-name", "busy", "--leader-elect-lease-duration", leaseDuration.String(),
		"--leader-elect-renew-deadline", renewDeadline.String(), "--leader-elect-retry-period", retryPeriod.String(),
	}
}

// works waits until calls for these objects begin from now on.
func (m *member) works(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		before := m.begun(name)
		waitUntil(t, "calls for "+name, func() bool { return m.begun(name) > before })
	}
}

func (m *member) begun(name string) (n int) {
	for _, l := range m.out.with("begin") {
		if strings.HasPrefix(l, name+" ") {
			n++
		}
	}
	return n
}

// span is one call.
type span struct {
	name       string
	begin, end int64
}

// spans are the calls of a process. Those that did not end, ended with it. What it writes may still grow: it is read
// once, so that no call ends before a second look.
func (m *member) spans(t *testing.T, dead time.Time) (out []span) {
	t.Helper()
	written := m.out.copy()
	times := func(word string) map[string][]int64 {
		all := map[string][]int64{}
		for _, l := range written.with(word) {
			name, at, _ := strings.Cut(l, " ")
			n, err := strconv.ParseInt(at, 10, 64)
			must(t, err)
			all[name] = append(all[name], n)
		}
		for _, v := range all {
			slices.Sort(v)
		}
		return all
	}
	ends := times("end")
	for name, begins := range times("begin") {
		for i, begin := range begins {
			end := dead.UnixNano()
			if i < len(ends[name]) {
				end = ends[name][i]
			}
			out = append(out, span{name, begin, end})
		}
	}
	return out
}

// apart checks that no two calls for one object overlap, in both processes together. The first has ended.
func (p *pair) apart(t *testing.T) {
	t.Helper()
	p.second.works(t, "a", "b", "c", "d", "e")
	firsts := p.first.spans(t, <-p.first.dead)
	all := slices.Concat(firsts, p.second.spans(t, time.Now()))
	slices.SortFunc(all, func(a, b span) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.begin, b.begin)) })
	for i := range all[1:] {
		if a, b := all[i], all[i+1]; a.name == b.name && b.begin < a.end {
			t.Errorf("calls for %s overlap by %s", a.name, time.Duration(a.end-b.begin))
		}
	}
	t.Logf("%d calls of the first, %d of both", len(firsts), len(all))
}

// ends waits for the first to end, with this exit code.
func (p *pair) ends(t *testing.T, code int) {
	t.Helper()
	if got := p.first.exit(t); got != code {
		t.Errorf("exit code %d, want %d", got, code)
	}
}

// TestTwoReplicas: two processes, of which one leads until something happens to it.
func TestTwoReplicas(t *testing.T) {
	t.Parallel()

	t.Run("stopped", func(t *testing.T) {
		t.Parallel()
		p := newPair(t, cluster(t), "")
		must(t, p.first.cmd.Process.Signal(syscall.SIGTERM))
		p.ends(t, 0)
		p.first.log.wait(t, "the lease is given back")
		p.apart(t)
	})

	t.Run("killed", func(t *testing.T) {
		t.Parallel()
		p := newPair(t, cluster(t), "")
		must(t, p.first.cmd.Process.Kill())
		p.ends(t, -1)
		p.apart(t)
	})

	// First a connection of the leader is dead, then there is none. A callback of its does not return: it ends before
	// the other leads.
	t.Run("cut off", func(t *testing.T) {
		t.Parallel()
		env := cluster(t)
		cfg, proxy := proxied(t, env.Config, 0)
		p := newPair(t, env, cfg.Host, "stubborn-1")
		p.first.out.wait(t, "begin stubborn-1")
		proxy.freeze() // it goes on over another connection
		p.first.log.wait(t, "the lease cannot be read or written")
		p.first.log.wait(t, "the lease can be reached again")
		proxy.cut()
		p.ends(t, 1)
		p.first.log.wait(t, "the lease is lost")
		p.apart(t)
	})

	t.Run("server away", func(t *testing.T) {
		t.Parallel()
		env := ownCluster(t, testenv.Options{})
		p := newPair(t, env, "", "held-1")
		p.first.out.wait(t, "begin held-1")
		must(t, env.KillAPIServer())
		p.ends(t, 1)
		p.first.out.wait(t, "cancelled held-1 the lease is lost")
		waitUntil(t, "the standby to say that it cannot have the lease", func() bool {
			code, text := p.second.get(t, "/readyz")
			return code == 503 && strings.Contains(text, "standby")
		})
		must(t, env.StartAPIServer())
		p.apart(t)
	})

	// The leader stands still for longer than its lease, and wakes up beside another.
	t.Run("frozen", func(t *testing.T) {
		t.Parallel()
		p := newPair(t, cluster(t), "", "held-1")
		p.first.out.wait(t, "begin held-1")
		must(t, p.first.cmd.Process.Signal(syscall.SIGSTOP))
		p.second.works(t, "a", "b", "c", "d", "e")
		wakes := time.Now()
		must(t, p.first.cmd.Process.Signal(syscall.SIGCONT))
		p.ends(t, 1)
		p.first.out.wait(t, "cancelled held-1 the lease is lost")
		p.first.log.wait(t, "the lease is lost: no call starts any more")
		for _, s := range p.first.spans(t, <-p.first.dead) {
			if s.begin > wakes.UnixNano() {
				t.Errorf("a call for %s began %s after it woke up", s.name, time.Duration(s.begin-wakes.UnixNano()))
			}
		}
		lease := &coordinationv1.Lease{}
		must(t, p.c.Get(t.Context(), client.ObjectKey{Namespace: p.ns, Name: "busy"}, lease))
		if _, debug := p.second.get(t, "/debug"); !strings.Contains(debug, fmt.Sprintf("%q", *lease.Spec.HolderIdentity)) {
			t.Errorf("%s has the lease, the second says:\n%s", *lease.Spec.HolderIdentity, debug)
		}
	})
}
