package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
)

// leaseFlags begin like this; kube-controller-manager and others have the same.
const leaseFlags = "leader-elect-"

// addLeaderElection adds the flags of leader election.
func (f *Flags) addLeaderElection(set *pflag.FlagSet) {
	set.BoolVar(&f.Elect, "leader-elect", false, "work only while this replica holds a Lease that all replicas want")
	set.StringVar(&f.lease.Name, leaseFlags+"resource-name", "", "`name` of the Lease (default: the program's name)")
	set.StringVar(&f.lease.Namespace, leaseFlags+"resource-namespace", "", "`namespace` of the Lease (default: the Pod's own, then --namespace)")
	set.DurationVar(&f.lease.LeaseDuration, leaseFlags+"lease-duration", replicas.DefaultLeaseDuration, "how long others wait after the last renewal before they lead")
	set.DurationVar(&f.lease.RenewDeadline, leaseFlags+"renew-deadline", replicas.DefaultRenewDeadline, "how long the leader tries to renew before it ends")
	set.DurationVar(&f.lease.RetryPeriod, leaseFlags+"retry-period", replicas.DefaultRetryPeriod, "pause between renewals, and between tries to lead")
}

// checkLeaseFlags looks at what New cannot see: flags without an election, and durations that were asked to be zero.
func (f *Flags) checkLeaseFlags(set *pflag.FlagSet) (err error) {
	set.Visit(func(one *pflag.Flag) {
		switch {
		case !strings.HasPrefix(one.Name, leaseFlags):
		case !f.Elect:
			err = fmt.Errorf("--%s: goes with --leader-elect", one.Name)
		case one.Value.String() == "0s":
			err = fmt.Errorf("--%s: has to be above zero", one.Name)
		}
	})
	return err
}

// LeaderElection is what the flags ask for, in a program of that name.
func (f *Flags) LeaderElection(program string) *replicas.LeaderElection {
	l := f.lease
	if l.Name == "" {
		l.Name = filepath.Base(program)
	}
	return &l
}
