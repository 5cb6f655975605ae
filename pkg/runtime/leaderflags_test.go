package runtime

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/cli"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
)

// New reports wrong settings of the leader election.
func TestNewChecksLeaderElection(t *testing.T) {
	o := oneCapability()
	o.LeaderElection = &replicas.LeaderElection{Name: "No"}
	if _, err := New((&stub{}).config(t), o); err == nil || !strings.Contains(err.Error(), `"No"`) {
		t.Errorf("New returned %v", err)
	}
}

func TestLeaderElectionFlags(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--leader-elect"}, "give --leader-elect-resource-namespace"},
		{[]string{"--leader-elect", "--namespace", "x", "--leader-elect-lease-duration", "5s"}, "renew deadline 10s"},
		{[]string{"--leader-elect", "--leader-elect-retry-period", "0"}, "--leader-elect-retry-period: has to be above zero"},
		{[]string{"--leader-elect-resource-name", "x"}, "--leader-elect-resource-name: goes with --leader-elect"},
	} {
		if code, _, stderr := mainWith(t, c.args...); code != ExitDeclared || !strings.Contains(stderr, c.says) {
			t.Errorf("%v: exit %d and %q, want %q", c.args, code, stderr, c.says)
		}
	}
	f, _, err := cli.Parse("/bin/program", []string{"--leader-elect", "--leader-elect-resource-namespace", "ns", "--leader-elect-renew-deadline", "9s"}, os.Stderr, false)
	if err != nil {
		t.Fatal(err)
	}
	want := replicas.LeaderElection{Name: "program", Namespace: "ns", LeaseDuration: replicas.DefaultLeaseDuration, RenewDeadline: 9 * time.Second, RetryPeriod: replicas.DefaultRetryPeriod}
	if got := *f.LeaderElection("/bin/program"); got != want {
		t.Errorf("%+v", got)
	}
}
