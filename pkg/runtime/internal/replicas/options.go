package replicas

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/tools/leaderelection"
)

// Defaults of LeaderElection: the same as in the Kubernetes components.
const (
	DefaultLeaseDuration = 15 * time.Second
	DefaultRenewDeadline = 10 * time.Second
	DefaultRetryPeriod   = 2 * time.Second
)

// leastExit is how much longer a lease has to be than its renewal may take: in this time a leader that lost it
// cancels its callbacks and ends.
const leastExit = 500 * time.Millisecond

// PodNamespaceFile has the namespace of the Pod's service account.
const PodNamespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// LeaderElection has one of several replicas do the work: the one that holds a Lease (coordination.k8s.io/v1). The zero
// value of each field has a default.
//
// The replicas' clocks need not agree. A process has to end when Run returns ErrLeaseLost: what callbacks did not return
// from by then would go on next to another leader. A machine that is suspended as a whole stops the clock by which
// a process sees that its lease expires; a stopped process does not.
type LeaderElection struct {
	// Namespace is where the Lease is. Default: the Pod's own, else Options.Namespace; where neither is known, it is needed.
	Namespace string
	// Name is the Lease's. Replicas of one program have the same. Default: the program's file name.
	Name string
	// Identity names this replica for people. A random suffix makes it unique, so that a process that starts again
	// never takes itself for the one before. Default: the host's name, in a Pod the Pod's.
	Identity string
	// LeaseDuration is how long others wait after the last renewal that they saw before they take the lease, in whole
	// seconds. It bounds the time without a leader after one was killed. Default: DefaultLeaseDuration.
	LeaseDuration time.Duration
	// RenewDeadline is how long the leader tries to renew before it gives up. It is at least half a second below
	// LeaseDuration: in this time the leader ends. Default: DefaultRenewDeadline.
	RenewDeadline time.Duration
	// RetryPeriod is the pause between renewals, and between the tries of a standby, which are up to 2.2 times as far
	// apart. It is below RenewDeadline/1.2. Default: DefaultRetryPeriod.
	RetryPeriod time.Duration
}

// requestTimeout is how long a request about the Lease may take. A renewal begins a retry period after the last one and is
// tried again as soon as it has failed, so that each of two tries gets half of what is left of the deadline: a connection
// that is dead is replaced while there is time.
func (l *LeaderElection) requestTimeout() time.Duration {
	return (l.RenewDeadline - l.RetryPeriod) / 2
}

// Resolve fills in the defaults and reports all that is wrong together.
func (l LeaderElection) Resolve(confined string) (LeaderElection, error) {
	return l.resolveIn(podNamespace(PodNamespaceFile), confined)
}

func (l LeaderElection) resolveIn(pod, confined string) (LeaderElection, error) {
	for _, d := range []struct {
		v   *time.Duration
		def time.Duration
	}{{&l.LeaseDuration, DefaultLeaseDuration}, {&l.RenewDeadline, DefaultRenewDeadline}, {&l.RetryPeriod, DefaultRetryPeriod}} {
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	for _, s := range []string{pod, confined} {
		if l.Namespace == "" {
			l.Namespace = s
		}
	}
	if l.Name == "" {
		l.Name = filepath.Base(os.Args[0])
	}
	if err := l.check(); err != nil {
		return l, fmt.Errorf("leader election: %w", err)
	}
	if l.Identity == "" {
		l.Identity, _ = os.Hostname() // the suffix is enough
	}
	l.Identity += "_" + rand.Text()
	return l, nil
}

func (l *LeaderElection) check() error {
	var wrong []error
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if l.Namespace == "" {
		say("in which namespace is the Lease? This is no Pod: give --leader-elect-resource-namespace (LeaderElection.Namespace), or --namespace")
	} else if bad := validation.IsDNS1123Label(l.Namespace); len(bad) > 0 {
		say("the Lease's namespace %q (--leader-elect-resource-namespace): %s", l.Namespace, strings.Join(bad, "; "))
	}
	if bad := validation.IsDNS1123Subdomain(l.Name); len(bad) > 0 {
		say("the Lease's name %q (--leader-elect-resource-name, LeaderElection.Name): %s", l.Name, strings.Join(bad, "; "))
	}
	if l.LeaseDuration < time.Second || l.LeaseDuration%time.Second != 0 {
		say("lease duration %s (--leader-elect-lease-duration): give whole seconds, at least one: a Lease holds no fractions", l.LeaseDuration)
	}
	if l.RenewDeadline > l.LeaseDuration-leastExit {
		say("renew deadline %s (--leader-elect-renew-deadline): has to be at least %s below the lease duration, %s, in which a leader that lost its lease ends",
			l.RenewDeadline, leastExit, l.LeaseDuration)
	}
	if jittered := time.Duration(leaderelection.JitterFactor * float64(l.RetryPeriod)); l.RetryPeriod <= 0 || l.RenewDeadline <= jittered {
		say("retry period %s (--leader-elect-retry-period): has to be above zero, and %v times as long below the renew deadline, %s",
			l.RetryPeriod, leaderelection.JitterFactor, l.RenewDeadline)
	}
	return errors.Join(wrong...)
}

// podNamespace is the namespace that the process runs in; empty: it is not in a Pod.
func podNamespace(file string) string {
	b, err := os.ReadFile(file) //nolint:gosec // a fixed path
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
