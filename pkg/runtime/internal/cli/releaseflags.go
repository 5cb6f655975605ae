package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
)

const (
	// heldPoll is how often a Lease is read to see whether its holder renews it.
	heldPoll = time.Second
	// heldLongest is for how long at most. A Lease that lasts longer counts as held.
	heldLongest = time.Minute
)

// addFinalizers adds the flags about finalizers.
func (f *Flags) addFinalizers(set *pflag.FlagSet) {
	set.BoolVar(&f.Release, "release-finalizers", false, "remove the program's finalizers from all objects without cleaning up, and exit: to uninstall it. Refused while a replica holds the Lease")
	set.BoolVar(&f.DryRun, "dry-run", false, "have --release-finalizers print what it would do, and change nothing")
	set.BoolVar(&f.Force, "force", false, "have --release-finalizers not look at the Lease")
	set.BoolVar(&f.Policies, "policies", false, "print admission policies by which the API server adds the program's finalizers when objects are created, and exit; needs no cluster")
}

// checkFinalizers looks at these flags.
func (f *Flags) checkFinalizers() error {
	switch {
	case f.Release && (f.Plan || f.RBAC || f.Policies || f.Check):
		return errors.New("--release-finalizers: does not go with --plan, --rbac, --policies and --check, which change nothing")
	case f.Release && f.Embedded != "":
		return errors.New("--release-finalizers: does not go with --embedded, whose objects end with the program")
	case f.Policies && (f.Plan || f.RBAC || f.Check):
		return errors.New("--policies: does not go with --plan, --rbac and --check, which print something else")
	case f.Policies && f.Embedded != "":
		return errors.New("--policies: does not go with --embedded, whose API server has no admission policies")
	case f.DryRun && !f.Release:
		return errors.New("--dry-run: goes with --release-finalizers")
	case f.Force && !f.Release:
		return errors.New("--force: goes with --release-finalizers")
	}
	return nil
}

// RefuseWhileHeld gives an error while a replica of the program holds its Lease. Without --leader-elect it reads the Lease that the
// program would have with it. Where there is none, or it may not be read, nothing says whether the program runs, and a warning
// says so. Any other failure to read it is an error: it passes.
func (f *Flags) RefuseWhileHeld(ctx context.Context, cfg *rest.Config, program string, stderr io.Writer) error {
	l, err := f.LeaderElection(program).Resolve(f.Namespace)
	found, holder, known := false, "", err == nil
	if known {
		found, holder, err = HeldBy(ctx, cfg, l.Namespace, l.Name, stderr)
	}
	switch {
	case holder != "":
		return fmt.Errorf("--release-finalizers: %s holds the Lease %s/%s, so the program is running and would add the finalizers again: "+
			"stop it first, or give --force", holder, l.Namespace, l.Name)
	case err != nil && (f.Elect || known && !apierrors.IsForbidden(err)):
		return fmt.Errorf("--release-finalizers: cannot see whether the program is running (give --force to release all the same): %w", err)
	case err != nil && known:
		_, _ = fmt.Fprintf(stderr, "warning: the Lease %s/%s cannot be read (%v), so make sure that the program is not running: it would add the finalizers again\n",
			l.Namespace, l.Name, err)
	case !found:
		_, _ = fmt.Fprintln(stderr, "warning: there is no Lease that shows whether the program is running, so make sure that it is not: it would add the finalizers again")
	}
	return nil
}

// HeldBy is the holder of a Lease, empty where it is not held. No clock of another machine counts: a holder that does not renew the Lease for as long as it
// lasts has lost it.
func HeldBy(ctx context.Context, cfg *rest.Config, namespace, name string, stderr io.Writer) (found bool, holder string, err error) {
	c, err := coordination.NewForConfig(cfg)
	if err != nil {
		return false, "", err
	}
	var first string
	until := time.Time{}
	for {
		lease, err := c.Leases(namespace).Get(ctx, name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return false, "", nil
		case err != nil:
			return false, "", err
		}
		holder := lease.Spec.HolderIdentity
		if holder == nil || *holder == "" {
			return true, "", nil
		}
		lasts := replicas.DefaultLeaseDuration
		if s := lease.Spec.LeaseDurationSeconds; s != nil {
			lasts = time.Duration(*s) * time.Second
		}
		switch {
		case lasts > heldLongest, first != "" && first != lease.ResourceVersion:
			return true, *holder, nil
		case first == "":
			first, until = lease.ResourceVersion, time.Now().Add(lasts)
			_, _ = fmt.Fprintf(stderr, "%s has the Lease %s/%s: waiting up to %s to see whether it renews it\n", *holder, namespace, name, lasts)
		case time.Now().After(until):
			return true, "", nil
		}
		select {
		case <-ctx.Done():
			return true, "", ctx.Err()
		case <-time.After(heldPoll):
		}
	}
}
