package runtime

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/binding"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
)

func ignoreEvent(context.Context, capability.Event[*corev1.ConfigMap]) error { return nil }

// A standby asks for nothing but the Lease, is ready, and says what it is.
func TestStandbyWatchesNothingButTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		a := c.replica("a", ignoreEvent)
		synctest.Wait()
		b := c.replica("b", func(context.Context, capability.Event[*corev1.ConfigMap]) error {
			t.Error("the standby called")
			return nil
		})
		c.create("one")
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if len(a.seen) != 1 || !a.leads() || b.leads() {
			t.Fatalf("%d calls, leading: %v and %v", len(a.seen), a.leads(), b.leads())
		}
		for _, path := range b.cable.asked() {
			review := path == "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews" // which stores nothing
			if !review && (!strings.Contains(path, "/namespaces/default/leases") || !strings.HasPrefix(path, http.MethodGet)) {
				t.Errorf("the standby asked for %s", path)
			}
		}
		if code, text := b.ready(); code != http.StatusOK || !strings.Contains(text, `standby, leader "a_`) {
			t.Errorf("the standby is not ready: %d %s", code, text)
		}
		if code, text := a.ready(); code != http.StatusOK || !strings.Contains(text, "default/program leading since") {
			t.Errorf("the leader is not ready: %d %s", code, text)
		}
		if _, text := b.get(t, "/metrics"); !strings.Contains(text, "ancho_leader 0\n") || strings.Contains(text, "ancho_lease_renewed_age_seconds ") {
			t.Errorf("metrics of the standby:\n%s", text)
		}
		if _, text := a.get(t, "/metrics"); !strings.Contains(text, "ancho_leader 1\n") || !strings.Contains(text, "ancho_lease_renewed_age_seconds ") {
			t.Errorf("metrics of the leader:\n%s", text)
		}
		events, err := c.client.EventsV1().Events("default").List(t.Context(), metav1.ListOptions{})
		if err != nil || len(events.Items) != 1 || !strings.Contains(events.Items[0].Note, "a_") {
			t.Errorf("%+v %v", events, err)
		}
		if err := b.stop(); err != nil {
			t.Errorf("the standby's Run returned %v", err)
		}
		if code, _ := b.ready(); code != http.StatusServiceUnavailable {
			t.Errorf("ready after the stop: %d", code)
		}
	})
}

// A leader that is stopped finishes its calls, starts none, and gives the lease back; the standby leads in the same moment.
func TestStandbyLeadsAtOnceAfterACleanStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		in, out := make(chan struct{}, 1), make(chan struct{})
		a := c.replica("a", func(ctx context.Context, _ capability.Event[*corev1.ConfigMap]) error {
			in <- struct{}{}
			<-out
			return ctx.Err()
		})
		synctest.Wait()
		b := c.replica("b", ignoreEvent)
		c.create("one")
		<-in
		time.Sleep(time.Minute + time.Second) // between two renewals
		stopped := make(chan error, 1)
		go func() { stopped <- a.stop() }()
		time.Sleep(20 * time.Second) // longer than the lease, which is renewed meanwhile
		synctest.Wait()
		c.create("two")
		synctest.Wait()
		if b.leads() || len(b.seen) > 0 {
			t.Fatal("the standby leads while a callback of the leader runs")
		}
		close(out)
		if took := c.leadsAfter(b, time.Minute); took > 0 {
			t.Errorf("the standby led after %s", took)
		}
		synctest.Wait()
		if err := <-stopped; err != nil {
			t.Errorf("Run returned %v", err)
		}
		if len(a.seen) != 1 || len(b.seen) != 2 {
			t.Errorf("%d calls of the first, %d of the second", len(a.seen), len(b.seen))
		}
	})
}

// A lease is not given back while a callback goes on that nobody can stop.
func TestLeaseIsKeptWhileACallbackHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		in, out := make(chan struct{}), make(chan struct{})
		a := c.replicaWith("a", func(context.Context, capability.Event[*corev1.ConfigMap]) error {
			close(in)
			<-out
			return nil
		}, func(o *Options) { o.GracePeriod = -1 })
		c.create("one")
		<-in
		b := c.replica("b", ignoreEvent)
		if err := a.stop(); err != nil {
			t.Errorf("Run returned %v", err)
		}
		if !strings.Contains(a.log.String(), "the lease is not given back, since callbacks still run") {
			t.Errorf("the log does not say so:\n%s", a.log)
		}
		if took := c.leadsAfter(b, time.Minute); took < leaseTime-lastChance-replicas.DefaultRetryPeriod {
			t.Errorf("the standby led after %s", took)
		}
		close(out)
	})
}

// Others compare what they read of a Lease by whole seconds. A renewal that they cannot tell from the one before counts for
// nothing, or two would lead: here one that comes late, since its first try hung.
func TestRenewalThatOthersCannotSee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		short := func(o *Options) {
			o.LeaderElection = &replicas.LeaderElection{
				Namespace: "default", Name: "program", LeaseDuration: 6 * time.Second, RenewDeadline: 5 * time.Second, RetryPeriod: 500 * time.Millisecond,
			}
		}
		a := c.replicaWith("a", ignoreEvent, short)
		c.leadsAfter(a, time.Second)
		b := c.replicaWith("b", ignoreEvent, short)
		renewed := false
		hang := time.Now().Add(100 * time.Millisecond)
		a.cable.set(func(r *http.Request) (*http.Response, error) {
			switch {
			case renewed:
				return refuseAll(r)
			case r.Method != http.MethodPut:
				return nil, nil
			case time.Since(hang) < time.Second:
				return hangs(r)
			}
			renewed = true
			return nil, nil
		})
		for began := time.Now(); !b.leads(); synctest.Wait() {
			if time.Since(began) > time.Minute {
				t.Fatalf("nobody leads:\n%s\n%s", a.log, b.log)
			}
			time.Sleep(time.Millisecond)
		}
		if a.leads() {
			t.Errorf("both lead:\n%s\n%s", a.log, b.log)
		}
		if !renewed {
			t.Error("nothing was renewed: this shows nothing")
		}
	})
}

// A request that is never answered is given up in time for another one: a connection that is dead costs no lease.
func TestRenewalThatHangs(t *testing.T) {
	for name, o := range map[string]replicas.LeaderElection{
		"defaults":       {},
		"short":          {LeaseDuration: 3 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: 500 * time.Millisecond},
		"little between": {LeaseDuration: 15 * time.Second, RenewDeadline: 10 * time.Second, RetryPeriod: 8 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t)
				r := c.replicaWith("a", ignoreEvent, func(all *Options) {
					o.Namespace, o.Name = "default", "program"
					all.LeaderElection = &o
				})
				c.leadsAfter(r, time.Second)
				for range 3 {
					hung := make(chan struct{}, 1)
					hung <- struct{}{}
					r.cable.set(func(req *http.Request) (*http.Response, error) {
						if req.Method != http.MethodPut {
							return nil, nil
						}
						select {
						case <-hung:
							return hangs(req)
						default:
							return nil, nil
						}
					})
					time.Sleep(time.Minute)
					synctest.Wait()
					if len(hung) > 0 {
						t.Fatal("no renewal hung: this shows nothing")
					}
					if over, err := r.over(); over || !r.leads() {
						t.Fatalf("leading %v, over %v: %v\n%s", r.leads(), over, err, r.log)
					}
				}
			})
		})
	}
}

// A leader that cannot renew ends, in time, also if its callback does not; the standby leads when the lease is over.
func TestLostLease(t *testing.T) {
	for name, fault := range map[string]func(*http.Request) (*http.Response, error){"refused": refuseAll, "silent": hangs} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t)
				type end struct {
					at  time.Time
					why error
				}
				out, cancelled := make(chan struct{}), make(chan end, 1)
				a := c.replica("a", func(ctx context.Context, _ capability.Event[*corev1.ConfigMap]) error {
					<-ctx.Done()
					cancelled <- end{time.Now(), context.Cause(ctx)}
					<-out
					return nil
				})
				c.create("one")
				synctest.Wait()
				b := c.replica("b", ignoreEvent)
				time.Sleep(time.Minute)
				synctest.Wait()
				a.cable.set(fault)
				renewed := c.lease().Spec.RenewTime.Time
				over := make(chan time.Time, 1)
				go func() {
					err := <-a.ended
					a.ended <- err
					over <- time.Now()
				}()
				c.leadsAfter(b, time.Minute)
				if after := time.Since(renewed); after < leaseTime || after > leaseTime+2*replicas.ExpiryMargin {
					t.Errorf("the standby led %s after the last renewal", after)
				}
				if ended, err := a.over(); !ended || !errors.Is(err, replicas.ErrLeaseLost) || !strings.Contains(err.Error(), "not renewed for 10s") {
					t.Fatalf("ended %v: %v", ended, err)
				}
				if by := <-cancelled; by.at.Sub(renewed) != renewTime || !errors.Is(by.why, replicas.ErrLeaseLost) {
					t.Errorf("the callback was cancelled %s after the last renewal by %v", by.at.Sub(renewed), by.why)
				}
				if at := (<-over).Sub(renewed); at != renewTime+lastChance {
					t.Errorf("Run returned %s after the last renewal", at)
				}
				close(out)
			})
		})
	}
}

// A lease that another holds is lost at the next renewal.
func TestLeaseTakenByAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		cancelled := make(chan error, 1)
		a := c.replica("a", func(ctx context.Context, _ capability.Event[*corev1.ConfigMap]) error {
			<-ctx.Done()
			cancelled <- context.Cause(ctx)
			return nil
		})
		c.create("one")
		synctest.Wait()
		l := c.lease()
		l.Spec.HolderIdentity = new("thief")
		if _, err := c.client.CoordinationV1().Leases("default").Update(t.Context(), l, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(replicas.DefaultRetryPeriod)
		synctest.Wait()
		if ended, err := a.over(); !ended || !errors.Is(err, replicas.ErrLeaseLost) || !strings.Contains(err.Error(), "thief holds it") {
			t.Errorf("ended %v: %v", ended, err)
		}
		if err := <-cancelled; !errors.Is(err, replicas.ErrLeaseLost) {
			t.Errorf("the callback was cancelled by %v", err)
		}
		if holder := *c.lease().Spec.HolderIdentity; holder != "thief" {
			t.Errorf("the lease has the holder %q", holder)
		}
	})
}

// A lease that is lost while the program stops cuts the grace period short.
func TestLeaseLostWhileStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		a := c.replicaWith("a", func(ctx context.Context, _ capability.Event[*corev1.ConfigMap]) error {
			<-ctx.Done()
			return nil
		}, func(o *Options) { o.GracePeriod = time.Hour })
		c.create("one")
		synctest.Wait()
		begin := time.Now()
		a.cable.set(refuseAll)
		if err := a.stop(); !errors.Is(err, replicas.ErrLeaseLost) {
			t.Errorf("Run returned %v", err)
		}
		if took := time.Since(begin); took != renewTime {
			t.Errorf("after %s", took)
		}
	})
}

// A Lease that somebody deletes stays with its holder.
func TestLeaseDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		a := c.replica("a", ignoreEvent)
		synctest.Wait()
		b := c.replica("b", ignoreEvent)
		time.Sleep(time.Second)
		if err := c.client.CoordinationV1().Leases("default").Delete(t.Context(), "program", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if !a.leads() || b.leads() || !strings.HasPrefix(*c.lease().Spec.HolderIdentity, "a_") {
			t.Errorf("leading: %v and %v", a.leads(), b.leads())
		}
	})
}

// What keeps a standby from the Lease is told, and does not end it.
func TestStandbyThatCannotHaveTheLease(t *testing.T) {
	for _, k := range []struct {
		name  string
		fault func(*http.Request) (*http.Response, error)
		says  string
	}{
		{"away", refuseAll, "connection refused"},
		{"silent", hangs, "deadline"},
		{"no get", forbids(http.MethodGet), "the verb get on leases of coordination.k8s.io in the namespace default"},
		{"no create", forbids(http.MethodPost), "the verb create on leases of coordination.k8s.io in the namespace default"},
	} {
		t.Run(k.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t)
				c.fault = k.fault
				a := c.replica("a", ignoreEvent)
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				if code, text := a.ready(); code != http.StatusServiceUnavailable || !strings.Contains(text, k.says) {
					t.Errorf("/readyz says %d %s", code, text)
				}
				if n := strings.Count(a.log.String(), "the lease cannot be read or written"); n != 1 {
					t.Errorf("logged %d times:\n%s", n, a.log)
				}
				if _, text := a.get(t, "/metrics"); strings.Contains(text, "ancho_lease_failures_total 0\n") || !strings.Contains(text, "ancho_lease_failures_total") {
					t.Error("no failure was counted")
				}
				a.cable.set(nil)
				c.leadsAfter(a, time.Minute)
				if code, text := a.ready(); code != http.StatusOK {
					t.Errorf("/readyz says %d %s", code, text)
				}
			})
		})
	}
}

// reads counts requests for single ConfigMaps, and does something before one is answered.
func reads(n *atomic.Int32, before func()) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/configmaps/") {
			n.Add(1)
			before()
		}
		return nil, nil
	}
}

// What a call needs to read is not asked for when the lease is over.
func TestFenceStopsReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		var read atomic.Int32
		c.fault = reads(&read, func() {})
		a := c.replica("a", ignoreEvent)
		synctest.Wait()
		a.election.Fence.Expire()
		c.create("one")
		a.bindings[0].Trigger(queue.Key{Namespace: "default", Name: "two"}, queue.Cause{Via: queue.ViaUsed})
		synctest.Wait()
		if read.Load() != 0 || len(a.seen) != 2 {
			t.Fatalf("%d read, %d told", read.Load(), len(a.seen))
		}
		for range 2 {
			if call := <-a.seen; !errors.Is(call.Err, binding.ErrNoLease) {
				t.Errorf("%+v", call)
			}
		}
	})
}

// A lease that is over once the object was read for the call stops the call, too: of Reconcile and of the clean-up.
func TestFenceStopsCallsThatHadToRead(t *testing.T) {
	for name, deleted := range map[string]bool{"Reconcile": false, "clean-up": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t)
				later := func(context.Context, capability.Event[*corev1.ConfigMap]) error {
					return capability.RequeueAfter(time.Hour)
				}
				maps := capability.When(kind.ConfigMap).InNamespace("default")
				a := c.replicaWith("a", nil, func(o *Options) {
					o.Capabilities = oneCapability(maps.Reconcile(later).Finalize("example.com/mine", later)).Capabilities
				})
				c.create("one")
				synctest.Wait()
				if deleted {
					if err := c.client.CoreV1().ConfigMaps("default").Delete(t.Context(), "one", metav1.DeleteOptions{}); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
				}
				for len(a.seen) > 0 {
					<-a.seen
				}
				var read atomic.Int32
				a.cable.set(reads(&read, a.election.Fence.Expire))
				a.bindings[0].Trigger(queue.Key{Namespace: "default", Name: "one"}, queue.Cause{Via: queue.ViaUsed})
				synctest.Wait()
				if read.Load() != 1 || len(a.seen) != 1 {
					t.Fatalf("%d read, %d told", read.Load(), len(a.seen))
				}
				if call := <-a.seen; !errors.Is(call.Err, binding.ErrNoLease) {
					t.Errorf("%+v", call)
				}
			})
		})
	}
}

// A call that comes when the lease is over is not made, although nobody has noticed yet that it is.
func TestFenceStopsCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		var calls atomic.Int32
		a := c.replica("a", func(context.Context, capability.Event[*corev1.ConfigMap]) error {
			calls.Add(1)
			return nil
		})
		synctest.Wait()
		a.election.Fence.Expire()
		c.create("one")
		synctest.Wait()
		if calls.Load() != 0 || len(a.seen) != 1 {
			t.Fatalf("%d calls, %d told", calls.Load(), len(a.seen))
		}
		if call := <-a.seen; !errors.Is(call.Err, binding.ErrNoLease) {
			t.Errorf("%+v", call)
		}
		time.Sleep(replicas.DefaultRetryPeriod) // the renewal opens it
		synctest.Wait()
		c.create("two")
		synctest.Wait()
		if calls.Load() != 1 {
			t.Errorf("%d calls after the renewal", calls.Load())
		}
	})
}
