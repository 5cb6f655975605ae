package runtime

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/cli"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// A Lease counts as held if its holder renews it; clocks are not compared.
func TestHeldBy(t *testing.T) {
	for name, c := range map[string]struct {
		holder string
		lasts  int32
		renews bool
		want   string
		waits  time.Duration
	}{
		"renewed":    {"one", 15, true, "one", 15 * time.Second},
		"abandoned":  {"one", 15, false, "", 17 * time.Second},
		"given back": {"", 1, false, "", 0},
		"very long":  {"one", 3600, false, "one", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New()
				leases, err := coordination.NewForConfig(s.Direct())
				if err != nil {
					t.Fatal(err)
				}
				l := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "p"}, Spec: coordinationv1.LeaseSpec{
					HolderIdentity: &c.holder, LeaseDurationSeconds: &c.lasts,
				}}
				if l, err = leases.Leases("default").Create(t.Context(), l, metav1.CreateOptions{}); err != nil {
					t.Fatal(err)
				}
				if c.renews {
					time.AfterFunc(10*time.Second, func() {
						now := metav1.NowMicro()
						l.Spec.RenewTime = &now
						_, _ = leases.Leases("default").Update(context.Background(), l, metav1.UpdateOptions{})
					})
				}
				var said bytes.Buffer
				begin := time.Now()
				found, holder, err := cli.HeldBy(t.Context(), s.Config(), "default", "p", &said)
				if err != nil || !found || holder != c.want || time.Since(begin) > c.waits {
					t.Errorf("found %v, held by %q after %s: %v\n%s", found, holder, time.Since(begin), err, said.String())
				}
				if found, holder, err := cli.HeldBy(t.Context(), s.Config(), "default", "other", &said); found || holder != "" || err != nil {
					t.Errorf("a Lease that does not exist: %v, %q, %v", found, holder, err)
				}
				synctest.Wait()
			})
		})
	}
}

// Whether the program runs is not known where the Lease may not be read, which is a warning, and where the server does not answer
// for the moment, which is an error: it passes.
func TestReleaseWhereTheLeaseCannotBeRead(t *testing.T) {
	f := func(capability.Env) *capability.Capability {
		return capability.New("c", capability.When(kind.ConfigMap).Reconcile(ignoreMap).Finalize("example.com/f", ignoreMap))
	}
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	for _, c := range []struct {
		status int
		elect  bool
		code   int
		says   string
	}{
		{http.StatusForbidden, false, ExitStopped, "warning: the Lease default/p cannot be read"},
		{http.StatusForbidden, true, ExitFailed, "cannot see whether the program is running"},
		{http.StatusInternalServerError, false, ExitFailed, "cannot see whether the program is running"},
		{http.StatusServiceUnavailable, false, ExitFailed, "give --force"},
	} {
		t.Run(fmt.Sprint(c.status, c.elect), func(t *testing.T) {
			s := fake.New()
			s.Fault(fake.Status(c.status), fake.For(kind.Lease))
			server := httptest.NewServer(s)
			defer server.Close()
			args := []string{"/bin/p", "--release-finalizers", "--namespace=default", "--server=" + server.URL}
			if c.elect {
				args = append(args, "--leader-elect")
			}
			var stdout, stderr bytes.Buffer
			if code := Main(args, &stdout, &stderr, f); code != c.code || !strings.Contains(stderr.String(), c.says) {
				t.Errorf("exit code %d\n%s\n%s", code, stdout.String(), stderr.String())
			}
		})
	}
}

// --release-finalizers refuses while the Lease is held, unless it is forced to; a dry run names objects and changes none.
func TestReleaseFlags(t *testing.T) {
	s := fake.New()
	server := httptest.NewServer(s)
	defer server.Close()
	post := func(path, body string) {
		t.Helper()
		resp, err := http.Post(server.URL+path, "application/json", strings.NewReader(body)) //nolint:noctx // in this process
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusCreated {
			t.Fatal(resp.Status, err)
		}
	}
	post("/api/v1/namespaces/default/configmaps", `{"metadata":{"name":"o","finalizers":["example.com/f"]}}`)
	post("/apis/coordination.k8s.io/v1/namespaces/default/leases", `{"metadata":{"name":"p"},"spec":{"holderIdentity":"someone","leaseDurationSeconds":3600}}`)
	f := func(capability.Env) *capability.Capability {
		return capability.New("c", capability.When(kind.ConfigMap).Reconcile(ignoreMap).Finalize("example.com/f", ignoreMap))
	}
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	for _, c := range []struct {
		flags     []string
		code      int
		out, err  string
		unchanged bool
	}{
		{[]string{"--namespace=default"}, ExitFailed, "", "someone holds the Lease default/p", true},
		{[]string{"--leader-elect", "--leader-elect-resource-namespace=default"}, ExitFailed, "", "someone holds the Lease default/p", true},
		{[]string{"--namespace=default", "--dry-run"}, ExitStopped, "would remove example.com/f from default/o", "", true},
		{[]string{"--namespace=default", "--only=c", "--force"}, ExitStopped, "example.com/f removed from 1 of 1 objects", "", false},
		{[]string{}, ExitStopped, "example.com/f removed from 0 of 1 objects", "warning: there is no Lease", false},
	} {
		var stdout, stderr bytes.Buffer
		args := append([]string{"/bin/p", "--release-finalizers", "--server=" + server.URL}, c.flags...)
		code := Main(args, &stdout, &stderr, f)
		if code != c.code || !strings.Contains(stdout.String(), c.out) || !strings.Contains(stderr.String(), c.err) {
			t.Errorf("%q: %d\n%s\n%s", c.flags, code, stdout.String(), stderr.String())
		}
		resp, err := http.Get(server.URL + "/api/v1/namespaces/default/configmaps/o") //nolint:noctx // in this process
		if err != nil {
			t.Fatal(err)
		}
		var body bytes.Buffer
		_, _ = body.ReadFrom(resp.Body)
		_ = resp.Body.Close()
		if on := strings.Contains(body.String(), "example.com/f"); on != c.unchanged {
			t.Errorf("%q: the finalizer is on: %v", c.flags, on)
		}
	}
	if _, err := os.Stat(replicas.PodNamespaceFile); err == nil {
		t.Log("this is a Pod: the last case looked at a Lease there")
	}
}

// Flags that need or exclude each other.
func TestFinalizerFlags(t *testing.T) {
	for _, args := range [][]string{
		{"--dry-run"}, {"--force"}, {"--policies", "--plan"}, {"--policies", "--rbac"}, {"--release-finalizers", "--policies"}, {"--policies", "--embedded"},
	} {
		var stderr bytes.Buffer
		if _, _, err := cli.Parse("p", args, &stderr, true); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}
