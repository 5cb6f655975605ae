package runtime

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// What happens to replicas, one after another.
const (
	stops         = iota // one is told to end
	losesServer          // one has no connection
	losesAnswers         // one has a connection that is dead
	losesRight           // one may not write the Lease
	recovers             // one has its connection again
	serverAway           // all have no connection
	allRecover           // all have theirs again
	stolen               // somebody writes himself into the Lease, and is not heard of any more
	recreated            // an object is deleted and made again
	comes                // one replica more
	leaderChanges        // how many there are
)

// mostReplicas is how many run at once.
const mostReplicas = 4

// TestLeadersNeverOverlap has replicas come, stop and lose the server in all ways, and looks whether callbacks of two ever
// run at once for one object, Reconcile or clean-up. Their callbacks are as slow to return as they may be. When all is well
// again one of them leads, and works.
//
// A process that is stopped and goes on has no place in virtual time: test/e2e has that.
func TestLeadersNeverOverlap(t *testing.T) {
	someChecks(t, 40) // each takes long
	var handovers, cleanUps atomic.Int32
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.IntRange(0, leaderChanges-1), 8, 16).Draw(rt, "steps")
		pauses := rapid.SliceOfN(rapid.IntRange(1, 20_000), len(steps), len(steps)).Draw(rt, "pauses")
		var failed string
		synctest.Test(t, func(t *testing.T) {
			m := &leaders{cluster: newCluster(t), running: map[string]string{}, handovers: &handovers, cleanUps: &cleanUps}
			failed = m.run(steps, pauses)
		})
		if failed != "" {
			rt.Fatal(failed)
		}
	})
	if handovers.Load() == 0 || cleanUps.Load() == 0 {
		t.Errorf("%d times another led, and %d clean-ups: so this test shows nothing", handovers.Load(), cleanUps.Load())
	}
}

// someChecks has rapid.Check of this test run so many programs, unless -rapid.checks says how many. No other test may run beside.
func someChecks(t *testing.T, n int) {
	t.Helper()
	const name = "rapid.checks"
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	if given {
		return
	}
	before := flag.Lookup(name).Value.String()
	if err := flag.Set(name, strconv.Itoa(n)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set(name, before) })
}

// leaders are replicas of one program, as the model knows them.
type leaders struct {
	*cluster
	replicas            []*replica
	handovers, cleanUps *atomic.Int32

	mu      sync.Mutex
	started int
	running map[string]string // by object: the replica that calls
	last    string            // that called
	calls   int
	wrong   string
}

func (m *leaders) run(steps, pauses []int) (failed string) {
	m.t.Helper()
	for _, name := range []string{"one", "two"} {
		m.create(name)
	}
	for range 3 {
		m.replicas = append(m.replicas, m.add())
	}
	for i, step := range steps {
		m.step(step, pauses[i]%len(m.replicas))
		time.Sleep(time.Duration(pauses[i]) * time.Millisecond)
	}
	m.setAll(nil)
	m.leadsAgain()
	for _, r := range m.replicas {
		_ = r.stop()
	}
	synctest.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.wrong
}

func (m *leaders) step(step, which int) {
	m.t.Helper()
	synctest.Wait() // what is due in this moment is done: nobody writes between what a step reads and writes
	r := m.replicas[which]
	if ended, _ := r.over(); ended {
		m.replicas[which] = m.add()
		return
	}
	switch step {
	case stops:
		r.term()
	case losesServer:
		r.cable.set(refuseAll)
	case losesAnswers:
		r.cable.set(hangs)
	case losesRight:
		r.cable.set(forbids(http.MethodPut))
	case recovers:
		r.cable.set(nil)
	case serverAway:
		m.setAll(refuseAll)
	case allRecover:
		m.setAll(nil)
	case stolen:
		m.steal()
	case recreated:
		m.recreate([]string{"one", "two"}[which%2])
	case comes:
		if len(m.replicas) < mostReplicas {
			m.replicas = append(m.replicas, m.add())
		}
	}
}

func (m *leaders) setAll(fault func(*http.Request) (*http.Response, error)) {
	for _, r := range m.replicas {
		r.cable.set(fault)
	}
}

// add starts a replica.
func (m *leaders) add() *replica {
	m.t.Helper()
	m.mu.Lock()
	m.started++
	me := fmt.Sprint("r", m.started)
	m.mu.Unlock()
	call := m.callback(me)
	clean := func(ctx context.Context, e capability.Event[*corev1.ConfigMap]) error {
		m.cleanUps.Add(1)
		_ = call(ctx, e)
		return nil
	}
	return m.replicaWith(me, call, func(o *Options) {
		o.Capabilities = oneCapability(capability.When(kind.ConfigMap).InNamespace("default").Concurrency(2).
			Reconcile(call).Finalize("model.example.com/clean", clean)).Capabilities
	})
}

// callback takes its time, also when it is cancelled, and sees whether another replica calls for the same object.
func (m *leaders) callback(me string) handler {
	return func(ctx context.Context, e capability.Event[*corev1.ConfigMap]) error {
		name := e.Object.Name
		m.mu.Lock()
		if other := m.running[name]; other != "" {
			m.wrong = fmt.Sprintf("%s is called for %s while %s is", me, name, other)
		}
		m.running[name] = me
		if m.last != "" && m.last != me {
			m.handovers.Add(1)
		}
		m.last = me
		m.calls++
		m.mu.Unlock()
		defer func() {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.running[name] = ""
		}()
		select {
		case <-time.After(700 * time.Millisecond):
		case <-ctx.Done():
			time.Sleep(lastChance - time.Millisecond)
		}
		return capability.RequeueAfter(10 * time.Millisecond)
	}
}

// steal writes another holder into the Lease, if there is one.
func (m *leaders) steal() {
	m.t.Helper()
	leases := m.client.CoordinationV1().Leases("default")
	l, err := leases.Get(m.t.Context(), "program", metav1.GetOptions{})
	if err != nil {
		return // nobody has led yet
	}
	l.Spec.HolderIdentity, l.Spec.LeaseDurationSeconds = new("thief"), new(int32(leaseTime.Seconds()))
	l.Spec.RenewTime = &metav1.MicroTime{Time: time.Now()}
	if _, err := leases.Update(m.t.Context(), l, metav1.UpdateOptions{}); err != nil {
		m.t.Fatal(err)
	}
}

// recreate deletes an object, which is gone when it was cleaned up, or makes it where it is gone.
func (m *leaders) recreate(name string) {
	m.t.Helper()
	maps := m.client.CoreV1().ConfigMaps("default")
	if _, err := maps.Get(m.t.Context(), name, metav1.GetOptions{}); err != nil {
		m.create(name)
		return
	}
	if err := maps.Delete(m.t.Context(), name, metav1.DeleteOptions{}); err != nil {
		m.t.Fatal(err)
	}
}

// leadsAgain wants one replica to lead and to work, in the time that a lease and the pauses of a standby take.
func (m *leaders) leadsAgain() {
	m.t.Helper()
	m.replicas = append(m.replicas, m.add()) // the others may be on their way out
	m.create("three")
	time.Sleep(2*leaseTime + lastChance)
	synctest.Wait()
	m.mu.Lock()
	before := m.calls
	m.mu.Unlock()
	time.Sleep(3 * time.Second)
	synctest.Wait()
	leading := 0
	for _, r := range m.replicas {
		if r.leads() {
			leading++
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.wrong == "" && (leading != 1 || m.calls == before) {
		m.wrong = fmt.Sprintf("all is well again: %d lead, and %d calls were made in three seconds", leading, m.calls-before)
	}
}
