package replicas

import (
	"fmt"
	"time"

	"github.com/ancho-dev/ancho/internal/plaintext"
)

// LeaderSnapshot is the state of the leader election.
type LeaderSnapshot struct {
	Lease    string     `json:"lease"` // namespace/name
	Identity string     `json:"identity"`
	Leading  bool       `json:"leading"`
	Leader   string     `json:"leader,omitempty"`  // who has the lease, as last seen
	Since    *time.Time `json:"since,omitempty"`   // this replica leads, or led
	Renewed  *time.Time `json:"renewed,omitempty"` // when the last renewal that succeeded was sent
	Error    string     `json:"error,omitempty"`   // of the last request
}

// Snapshot is nil where there is no election.
func (e *Election) Snapshot() *LeaderSnapshot {
	if e == nil {
		return nil
	}
	renewed := e.Fence.RenewedAt()
	e.mu.Lock()
	defer e.mu.Unlock()
	s := &LeaderSnapshot{Lease: e.o.Namespace + "/" + e.o.Name, Identity: e.o.Identity, Leading: e.Leading(), Leader: e.holder}
	if since := e.since; !since.IsZero() {
		s.Since, s.Renewed = &since, &renewed
	}
	if e.err != nil {
		s.Error = plaintext.Bound(e.err.Error())
	}
	return s
}

// Leading reports whether this replica has the lease for certain.
func (e *Election) Leading() bool { return e.Fence.Held() && e.Fence.Open() }

// Ready reports whether this replica leads or is ready to, and what /readyz says of the Lease.
func (e *Election) Ready() (lease, verdict, detail string, ok bool) {
	s := e.Snapshot()
	e.mu.Lock()
	seen := e.seen
	e.mu.Unlock()
	switch {
	case s.Leading:
		return s.Lease, "ok", "leading since " + s.Since.Format(time.RFC3339), true
	case s.Error != "":
		return s.Lease, "fail", "standby: " + s.Error, false
	case !seen:
		return s.Lease, "wait", "standby: the lease is not read yet", false
	}
	return s.Lease, "ok", fmt.Sprintf("standby, leader %q", s.Leader), true
}
