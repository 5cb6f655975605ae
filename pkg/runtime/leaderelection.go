package runtime

import "github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"

// LeaderElection has one of several replicas do the work: the one that holds a Lease (coordination.k8s.io/v1). The zero
// value of each field has a default: see DefaultLeaseDuration, DefaultRenewDeadline and DefaultRetryPeriod.
//
// The replicas' clocks need not agree. A process has to end when Run returns ErrLeaseLost: what callbacks did not return
// from by then would go on next to another leader. A machine that is suspended as a whole stops the clock by which
// a process sees that its lease expires; a stopped process does not.
type LeaderElection = replicas.LeaderElection

// LeaderSnapshot is the state of the leader election in a Snapshot.
type LeaderSnapshot = replicas.LeaderSnapshot

// Defaults of LeaderElection: the same as in the Kubernetes components.
const (
	DefaultLeaseDuration = replicas.DefaultLeaseDuration
	DefaultRenewDeadline = replicas.DefaultRenewDeadline
	DefaultRetryPeriod   = replicas.DefaultRetryPeriod
)

// ErrLeaseLost is what Runtime.Run returns, wrapped with the reason, when the lease was lost while this replica led. The
// process has to end.
var ErrLeaseLost = replicas.ErrLeaseLost
