package replicas

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLeaderElectionDefaults(t *testing.T) {
	l, err := LeaderElection{Name: "program"}.resolveIn("pods", "confined")
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if l.Namespace != "pods" || l.LeaseDuration != DefaultLeaseDuration || l.RenewDeadline != DefaultRenewDeadline || l.RetryPeriod != DefaultRetryPeriod {
		t.Errorf("%+v", l)
	}
	again, _ := LeaderElection{Name: "program", Identity: "me"}.resolveIn("", "confined")
	twin, _ := LeaderElection{Name: "program", Identity: "me"}.resolveIn("", "confined")
	if again.Namespace != "confined" || !strings.HasPrefix(l.Identity, host+"_") || !strings.HasPrefix(again.Identity, "me_") || again.Identity == twin.Identity {
		t.Errorf("%+v %+v %+v", l, again, twin)
	}
	if named, err := (LeaderElection{Namespace: "mine", Name: "x"}).resolveIn("pods", "confined"); err != nil || named.Namespace != "mine" {
		t.Errorf("%+v %v", named, err)
	}
}

func TestLeaderElectionRefuses(t *testing.T) {
	for says, l := range map[string]LeaderElection{
		"give --leader-elect-resource-namespace":    {Name: "x"},
		`namespace "No"`:                            {Name: "x", Namespace: "No"},
		`name "my_program"`:                         {Name: "my_program", Namespace: "x"},
		"lease duration 1.5s":                       {Name: "x", Namespace: "x", LeaseDuration: 1500 * time.Millisecond},
		"lease duration -1s":                        {Name: "x", Namespace: "x", LeaseDuration: -time.Second},
		"renew deadline 15s":                        {Name: "x", Namespace: "x", RenewDeadline: 15 * time.Second},
		"retry period -1ns":                         {Name: "x", Namespace: "x", RetryPeriod: -1},
		"retry period 9s":                           {Name: "x", Namespace: "x", RetryPeriod: 9 * time.Second},
		"at least 500ms below the lease duration, ": {Name: "x", Namespace: "x", LeaseDuration: 10 * time.Second},
	} {
		if _, err := l.resolveIn("", ""); err == nil || !strings.Contains(err.Error(), says) || !strings.HasPrefix(err.Error(), "leader election: ") {
			t.Errorf("want %q, got %v", says, err)
		}
	}
}

func TestPodNamespace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "namespace")
	if got := podNamespace(file); got != "" {
		t.Errorf("%q without a file", got)
	}
	if err := os.WriteFile(file, []byte("apps\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := podNamespace(file); got != "apps" {
		t.Errorf("%q", got)
	}
}
