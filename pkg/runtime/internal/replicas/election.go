package replicas

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"

	"github.com/ancho-dev/ancho/pkg/watcher"
)

// ErrLeaseLost is what Runtime.Run returns, wrapped with the reason, when the lease was lost while this replica led. The
// process has to end.
var ErrLeaseLost = errors.New("the lease is lost")

// errReleased is the end of a lease that was given back.
var errReleased = errors.New("the lease was given back")

// ExpiryMargin is how much after the end of the observed lease the elector is woken: its own clock reading of the same
// observation is a little later.
const ExpiryMargin = 10 * time.Millisecond

// Election is this replica's part in the choice of a leader. client-go's elector does the choosing; what is here wakes
// it when there is something to gain, and sees a lost lease in time.
type Election struct {
	o        LeaderElection
	log      logr.Logger
	Fence    *Fence
	lock     *lease
	elector  *leaderelection.LeaderElector
	server   *watcher.Server
	client   *leaseClient
	recorder events.EventRecorder
	failures interface{ Inc() }
	pokes    chan struct{} // the Lease has changed

	mu     sync.Mutex
	seen   bool   // the Lease was read once, or was seen not to be there
	raw    []byte // as the Lease was last seen
	holder string
	since  time.Time   // this replica leads
	ends   time.Time   // when the holder's lease is over, as far as this replica knows
	expiry *time.Timer // wakes the elector then
	err    error       // of the last request, if that failed
	verb   string      // that failed
	reason metav1.StatusReason
}

// NewElection prepares an election for the Lease that o names; it makes no request before Run. failures counts requests that failed,
// and rec gets an Event when this replica begins to lead or stops.
func NewElection(cfg *rest.Config, o LeaderElection, server *watcher.Server, log logr.Logger, failures interface{ Inc() }, rec events.EventRecorder) (*Election, error) {
	client, err := newLeaseClient(cfg)
	if err != nil {
		return nil, err
	}
	e := &Election{
		o: o, server: server, client: client, recorder: rec, failures: failures, pokes: make(chan struct{}, 1),
		log:   log.WithValues("lease", o.Namespace+"/"+o.Name, "identity", o.Identity),
		Fence: NewFence(o.LeaseDuration, o.RenewDeadline),
	}
	e.lock = &lease{e: e, busy: make(chan struct{}, 1), Interface: &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: o.Namespace, Name: o.Name},
		Client:     client.leases,
		LockConfig: resourcelock.ResourceLockConfig{Identity: o.Identity},
	}}
	e.elector, err = leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: e.lock, LeaseDuration: o.LeaseDuration, RenewDeadline: o.RenewDeadline, RetryPeriod: o.RetryPeriod, Name: o.Name,
		// Not its callbacks, but the lock says when the lease is taken and lost: earlier, and in order.
		Callbacks: leaderelection.LeaderCallbacks{OnStartedLeading: func(context.Context) {}, OnStoppedLeading: func() {}},
	})
	if err != nil {
		return nil, fmt.Errorf("leader election: %w", err)
	}
	return e, nil
}

// Run stands by, and renews the lease when it is taken, until ctx ends or the lease is lost.
func (e *Election) Run(ctx context.Context) {
	ctx, stop := context.WithCancel(klog.NewContext(ctx, logr.Discard())) // the lock says more
	defer stop()
	e.mu.Lock()
	e.expiry = time.NewTimer(e.o.LeaseDuration)
	e.mu.Unlock()
	defer e.expiry.Stop()
	e.log.Info("standing by for the lease")
	watching, enough := context.WithCancel(ctx)
	defer enough()
	var parts sync.WaitGroup
	parts.Go(func() { e.watch(watching) })
	parts.Go(func() {
		e.guard(ctx, enough)
		stop()
	})
	for ctx.Err() == nil {
		attempt, cancel := context.WithCancel(ctx)
		parts.Go(func() { e.wake(attempt, cancel) })
		e.elector.Run(attempt) // again with the same elector, which keeps what it has observed
		cancel()
	}
	parts.Wait()
	e.client.closeIdle()
}

// wake ends the elector's pause, by ending its run, when the Lease has changed or its time is over.
func (e *Election) wake(attempt context.Context, cancel context.CancelFunc) {
	select {
	case <-attempt.Done():
		return
	case <-e.pokes:
	case <-e.expiry.C:
	}
	select {
	case <-attempt.Done():
		return
	case e.lock.busy <- struct{}{}: // no request is cut short
	}
	defer func() { <-e.lock.busy }()
	if !e.Fence.Held() {
		cancel()
	}
}

// guard waits for the lease, and then until its renewal has failed for too long.
func (e *Election) guard(ctx context.Context, taken func()) {
	select {
	case <-ctx.Done():
		return
	case <-e.Fence.Taken():
		taken()
	}
	for {
		left := e.Fence.patience()
		if left <= 0 {
			e.lose(fmt.Errorf("it was not renewed for %s", e.o.RenewDeadline), false)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-e.Fence.Ended():
			return
		case <-time.After(left):
		}
	}
}

// took notes that the Lease is this replica's since a request that was sent at that time.
func (e *Election) took(sent time.Time) {
	e.mu.Lock()
	e.holder = e.o.Identity
	if e.since.IsZero() {
		e.since = time.Now()
	}
	e.mu.Unlock()
	if !e.Fence.Renewed(sent) {
		return
	}
	e.log.Info("leading: this replica has the lease")
	on := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: e.o.Namespace, Name: e.o.Name}}
	e.recorder.Eventf(on, nil, corev1.EventTypeNormal, "LeaderElection", "Lead", "%s leads", e.o.Identity)
}

// saw notes how the Lease was read.
func (e *Election) saw(record *resourcelock.LeaderElectionRecord, raw []byte) {
	if who := record.HolderIdentity; who != "" && who != e.o.Identity && e.Fence.Held() {
		e.lose(fmt.Errorf("%s holds it", who), true)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen = true
	if who := record.HolderIdentity; who != "" && who != e.o.Identity {
		e.wellAgain() // there is nothing to write
	}
	if bytes.Equal(e.raw, raw) {
		return
	}
	e.raw = raw
	d := time.Duration(record.LeaseDurationSeconds) * time.Second
	e.ends = time.Now().Add(d)
	if e.expiry != nil {
		e.expiry.Reset(d + ExpiryMargin)
	}
	if record.HolderIdentity == e.holder {
		return
	}
	e.holder = record.HolderIdentity
	if e.holder != "" && e.holder != e.o.Identity {
		e.log.Info("standby: another replica has the lease", "leader", e.holder)
	}
}

// sawNone notes that there is no Lease.
func (e *Election) sawNone() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen = true
	if e.verb == "get" {
		e.wellAgain()
	}
}

// heldByOther tells who held the Lease when it was last seen, if that may still be so.
func (e *Election) heldByOther() (string, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.holder, e.holder != "" && e.holder != e.o.Identity && time.Now().Before(e.ends)
}

// lose ends the lead.
func (e *Election) lose(why error, taken bool) {
	if e.Fence.Shut(fmt.Errorf("%w: %w", ErrLeaseLost, why), taken) {
		e.log.Error(why, "the lease is lost: no call starts any more, those that run are cancelled, the program ends")
	}
}

// reached notes that a request succeeded. That the Lease can be read says nothing of the right to write it.
func (e *Election) reached(verb string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if verb == "get" && e.verb != "get" {
		return
	}
	e.wellAgain()
}

// wellAgain is called with the lock held.
func (e *Election) wellAgain() {
	if e.err != nil {
		e.log.Info("the lease can be reached again")
	}
	e.err, e.verb, e.reason = nil, "", ""
}

// failed notes why it did not, and logs each reason once.
func (e *Election) failed(verb string, err error) {
	e.failures.Inc()
	e.client.closeIdle() // the connection may be dead
	if apierrors.IsForbidden(err) {
		err = fmt.Errorf("this needs the verb %s on leases of coordination.k8s.io in the namespace %s (grant get, create, update and watch): %w",
			verb, e.o.Namespace, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	reason := apierrors.ReasonForError(err)
	if e.err == nil || reason != e.reason {
		e.log.Error(err, "the lease cannot be read or written, trying again", "verb", verb, "every", e.o.RetryPeriod.String())
	}
	e.err, e.verb, e.reason = err, verb, reason
}

// Keep logs why a lease that this replica has is not given back.
func (e *Election) Keep() {
	e.log.Info("the lease is not given back, since callbacks still run: another replica leads when it is over",
		"leaseDuration", e.o.LeaseDuration.String())
}

// Release gives the lease back, so that a standby leads at once. Nothing may run any more that it protects.
func (e *Election) Release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(e.o.requestTimeout(), max(e.Fence.left(), leastMoment)))
	defer cancel()
	defer e.client.closeIdle()
	e.Fence.Shut(errReleased, false)
	if err := e.lock.release(ctx); err != nil {
		e.log.Error(err, "the lease is not given back: another replica leads when it is over", "leaseDuration", e.o.LeaseDuration.String())
		return
	}
	e.log.Info("the lease is given back")
}
