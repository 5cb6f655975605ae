//go:build e2e

package e2e

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// kubeconfigFor writes a kubeconfig for a configuration with a client certificate.
func kubeconfigFor(t *testing.T, cfg *rest.Config) string {
	t.Helper()
	c := api.NewConfig()
	c.Clusters["a"] = &api.Cluster{Server: cfg.Host, CertificateAuthorityData: cfg.CAData}
	c.AuthInfos["a"] = &api.AuthInfo{ClientCertificateData: cfg.CertData, ClientKeyData: cfg.KeyData}
	c.Contexts["a"], c.CurrentContext = &api.Context{Cluster: "a", AuthInfo: "a"}, "a"
	raw, err := clientcmd.Write(*c)
	must(t, err)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	must(t, os.WriteFile(path, raw, 0o600))
	return path
}

// limited is an account with the rights that --rbac prints for the demanding capability and its Lease.
type limited struct {
	ns   string
	user string
	role *rbacv1.Role
	cfg  *rest.Config
}

func newLimited(t *testing.T) *limited {
	t.Helper()
	env := cluster(t)
	c := newClient(t, env.Config)
	l := &limited{ns: newNamespace(t, c)}
	who := types.NamespacedName{Namespace: l.ns, Name: "robot"}
	r, err := runtime.RBACFor(runtime.Options{Capabilities: []capability.Func{demanding(l.ns)}},
		runtime.RBACOptions{ServiceAccount: who, Lease: types.NamespacedName{Namespace: l.ns, Name: "program"}})
	must(t, err)
	objects := r.Objects()
	create(t, c, objects...)
	l.user = "system:serviceaccount:" + l.ns + ":" + who.Name
	l.cfg, err = env.User(l.user)
	must(t, err)
	var ok bool
	if l.role, ok = objects[0].(*rbacv1.Role); !ok || len(objects) != 2 {
		t.Fatalf("%d objects, the first a %T; want a Role and its binding", len(objects), objects[0])
	}
	return l
}

// without takes a verb on a resource away, and waits until the server goes by that.
func (l *limited) without(t *testing.T, verb, resource string) {
	t.Helper()
	c := newClient(t, cluster(t).Config)
	less := l.role.DeepCopy()
	less.ResourceVersion = ""
	for i := range less.Rules {
		if less.Rules[i].Resources[0] == resource {
			less.Rules[i].Verbs = slices.DeleteFunc(less.Rules[i].Verbs, func(v string) bool { return v == verb })
		}
	}
	must(t, c.Update(t.Context(), less))
	set, err := kubernetes.NewForConfig(l.cfg)
	must(t, err)
	waitUntil(t, "the right is gone", func() bool {
		_, err := set.CoreV1().Secrets(l.ns).List(t.Context(), metav1.ListOptions{})
		return (err == nil) == (verb != "list" || resource != "secrets")
	})
}

// TestCheck: a real authorizer has nothing to add to what --rbac prints, --check names the verb that is missing, and a standby does,
// too.
func TestCheck(t *testing.T) {
	l := newLimited(t)
	check := func() (int, string) {
		var out, errs bytes.Buffer
		code := runtime.Main([]string{"program", "--check", "--kubeconfig", kubeconfigFor(t, l.cfg), "--leader-elect",
			"--leader-elect-resource-namespace", l.ns}, &out, &errs, demanding(l.ns))
		return code, out.String() + errs.String()
	}
	waitUntil(t, "everything is allowed", func() bool {
		code, text := check()
		return code == 0 && !strings.Contains(text, "missing ") && !strings.Contains(text, "unknown ")
	})
	l.without(t, "list", "secrets")
	const missing = "list secrets in namespace "
	code, text := check()
	if code != 1 || !strings.Contains(text, "missing  "+missing+l.ns+": needed by demanding/secrets") || strings.Count(text, "missing ") != 1 {
		t.Errorf("exit %d\n%s", code, text)
	}

	election := func(who string) runtime.Options {
		return runtime.Options{
			Capabilities:   []capability.Func{demanding(l.ns)},
			LeaderElection: &runtime.LeaderElection{Namespace: l.ns, Name: "program", Identity: who},
		}
	}
	first := run(t, cluster(t).Config, election("first"))
	waitUntil(t, "the first leads", func() bool { return first.Snapshot().LeaderElection.Leading })
	second := run(t, l.cfg, election("second"))
	waitUntil(t, "the standby names what is missing", func() bool {
		return strings.Contains(second.text("/readyz"), "warn    permissions missing: "+missing+l.ns)
	})
	if code := second.probe("/readyz"); code != http.StatusOK {
		t.Errorf("the standby is not ready: %d %s", code, second.text("/readyz"))
	}
	if code := second.probe("/readyz?strict=1"); code != http.StatusServiceUnavailable {
		t.Errorf("the standby is ready strictly: %d", code)
	}
}
