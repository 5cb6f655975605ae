//go:build e2e && linux

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	nsdefaults "github.com/ancho-dev/ancho/examples/02-namespaces"
	v1 "github.com/ancho-dev/ancho/examples/03-webapp/api/v1"
	"github.com/ancho-dev/ancho/internal/manifests"
	"github.com/ancho-dev/ancho/internal/testenv"
)

// Where config/ deploys the examples.
const (
	deployedIn = "ancho-examples"
	deployedAs = "examples"
)

// calmLease has the flags of the Deployment, and a lease that is not lost where many processes share the machine.
var calmLease = []string{
	"--leader-elect", "--leader-elect-lease-duration", "2m", "--leader-elect-renew-deadline", "90s", "--leader-elect-retry-period", "500ms",
}

// deployed is a cluster with what config/ has, but for the Pods, which nobody would run.
type deployed struct {
	env    *testenv.Env
	client client.Client
	set    *kubernetes.Clientset
	bin    string
}

// deploy applies config/ to a server that streams no snapshots, so that lists are needed as well, and that asks who makes an
// object the owner of another one for a right to its finalizers.
func deploy(t *testing.T) *deployed {
	t.Helper()
	env := ownCluster(t, testenv.Options{APIServerArgs: []string{
		"--feature-gates=WatchList=false", "--enable-admission-plugins=OwnerReferencesPermissionEnforcement",
	}})
	d := &deployed{env: env, client: newClient(t, env.Config), bin: filepath.Join(t.TempDir(), deployedAs)}
	var err error
	d.set, err = kubernetes.NewForConfig(env.Config)
	must(t, err)
	objects, err := manifests.Read(filepath.Join("..", "..", "config"))
	must(t, err)
	must(t, manifests.Apply(t.Context(), d.client, objects...))
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", d.bin, "github.com/ancho-dev/ancho/examples").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return d
}

// start runs the examples as the Deployment's ServiceAccount.
func (d *deployed) start(t *testing.T) (*process, *gate) {
	t.Helper()
	g := newGate(t, d.env.Config)
	a := newAccount(t, g, deployedIn, tokenFor(t, d.set, deployedIn, deployedAs, ""))
	return startPod(t, g, a, d.bin, calmLease...), g
}

// TestDeployed: what config/ deploys is enough for the examples, and least.
func TestDeployed(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	t.Run("all that is needed is allowed", func(t *testing.T) { testEnough(t, d) })
	t.Run("tokens are replaced", func(t *testing.T) { testTokens(t, d) })
	t.Run("nothing could be left out", func(t *testing.T) { testLeast(t, d) })
}

// testEnough does with the examples all that they react to: nothing is refused, and they stay within what they ask for.
func testEnough(t *testing.T, d *deployed) {
	t.Helper()
	p, g := d.start(t)
	waitUntil(t, "ready", func() bool {
		code, _ := p.get(t, "/readyz")
		return code == 200
	})
	space := newNamespace(t, d.client)
	waitUntil(t, "the Namespace has its defaults", func() bool {
		return d.client.Get(t.Context(), client.ObjectKey{Namespace: space, Name: nsdefaults.LimitName}, &corev1.LimitRange{}) == nil
	})
	d.act(t, p)
	shop := d.newShop(t, space)
	defer shop.close(t)
	shop.turn(t)
	p.log.wait(t, `"the web app is as declared"`)
	if _, body := p.get(t, "/readyz"); strings.Contains(body, "blocked") {
		t.Errorf("something is blocked:\n%s", body)
	}
	d.resources(t, p)
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if code := p.exit(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	t.Logf("%s of CPU time in all", p.cmd.ProcessState.UserTime()+p.cmd.ProcessState.SystemTime())
	if refused := g.refused(); len(refused) > 0 {
		t.Errorf("refused: %v", refused)
	}
	for _, verb := range []string{"list", "watch", "get", "update", "create", "patch"} {
		if !slices.ContainsFunc(g.all(), func(one passed) bool { return one.verb() == verb }) {
			t.Errorf("nothing was asked for with %s: is this the program?", verb)
		}
	}
}

// act changes what 01-hello watches, and waits for what it says.
func (d *deployed) act(t *testing.T, p *process) {
	t.Helper()
	greeting := configMap("demo", "greeting", "text", "hello")
	create(t, d.client, greeting)
	p.log.wait(t, `"the greeting says"`)
	must(t, d.client.Delete(t.Context(), greeting))
	p.log.wait(t, `"the greeting is gone"`)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "web"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "example.com/server"}}},
	}
	create(t, d.client, pod)
	p.log.wait(t, `"a pod appeared"`)
	edit(t, d.client, pod, func(o *corev1.Pod) { o.Labels = map[string]string{"app": "web"} })
	p.log.wait(t, `"a pod joined the web pods"`)
	running := pod.DeepCopy()
	running.Status.Phase = corev1.PodRunning
	must(t, d.client.Status().Patch(t.Context(), running, client.MergeFrom(pod)))
	p.log.wait(t, `"the web pod runs"`)
	must(t, d.client.Get(t.Context(), keyOf(pod), pod))
	edit(t, d.client, pod, func(o *corev1.Pod) { o.Labels = nil })
	p.log.wait(t, `"a pod left the web pods"`)
	must(t, d.client.Delete(t.Context(), pod, client.GracePeriodSeconds(0)))
	p.log.wait(t, `"a pod is gone"`)
}

// resources measures the program, and wants the Deployment to ask for no less.
func (d *deployed) resources(t *testing.T, p *process) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	must(t, err)
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		t.Fatalf("no VmHWM in %s", status)
	}
	peak, err := strconv.ParseInt(string(m[1]), 10, 64)
	must(t, err)
	var on appsv1.Deployment
	must(t, d.client.Get(t.Context(), client.ObjectKey{Namespace: deployedIn, Name: deployedAs}, &on))
	asks := on.Spec.Template.Spec.Containers[0].Resources.Requests.Memory()
	t.Logf("at most %d KiB of memory; the Deployment asks for %s", peak, asks)
	if peak<<10 > asks.Value() {
		t.Errorf("the program took %d KiB of memory, the Deployment asks for %s", peak, asks)
	}
}

// testTokens: the token that the kubelet puts in the place of another one is used, and the program goes on.
func testTokens(t *testing.T, d *deployed) {
	t.Helper()
	bound := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: deployedIn, Name: "bound"}}
	create(t, d.client, bound)
	first, second := tokenFor(t, d.set, deployedIn, deployedAs, bound.Name), tokenFor(t, d.set, deployedIn, deployedAs, "")
	g := newGate(t, d.env.Config)
	a := newAccount(t, g, deployedIn, first)
	p := startPod(t, g, a, d.bin, calmLease...)
	waitUntil(t, "ready", func() bool {
		code, _ := p.get(t, "/readyz")
		return code == 200
	})
	if !g.served(first) || g.served(second) {
		t.Fatalf("the first token was served: %t, the second %t", g.served(first), g.served(second))
	}
	a.write(t, "token", second)
	waitUntil(t, "the second token is used", func() bool { return g.served(second) }) // client-go reads the file once a minute
	must(t, d.client.Delete(t.Context(), bound))                                      // the first is good for nothing any more
	requests := len(g.all())
	g.server.CloseClientConnections()
	waitUntil(t, "the streams are open again", func() bool {
		open := map[string]bool{}
		for _, one := range g.all()[requests:] {
			if one.verb() == "watch" && one.code == http.StatusOK {
				open[one.path+"?"+one.query] = true
			}
		}
		code, _ := p.get(t, "/readyz")
		return code == 200 && len(open) >= 4
	})
	create(t, d.client, configMap("demo", "greeting", "text", "with another token"))
	p.log.wait(t, "with another token")
	must(t, d.client.Delete(t.Context(), configMap("demo", "greeting")))
}

// oneLess is a role of config/ without one verb of one rule.
type oneLess struct {
	role  *unstructured.Unstructured
	rules []rbacv1.PolicyRule
	rule  int
	verb  string
}

// testLeast takes each verb away that the examples use, one at a time: each time something is refused, and the log says so.
func testLeast(t *testing.T, d *deployed) {
	t.Helper()
	objects, err := manifests.Read(filepath.Join("..", "..", "config", "rbac"))
	must(t, err)
	n := 0
	for _, o := range objects {
		if !strings.HasSuffix(o.GetKind(), "Role") {
			continue
		}
		var role rbacv1.ClusterRole // a Role has the same fields
		must(t, apiruntime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &role))
		for i := range role.Rules {
			for _, verb := range role.Rules[i].Verbs {
				less := oneLess{o, role.Rules, i, verb}
				if less.forSeries() {
					continue
				}
				n++
				t.Run(less.String(), func(t *testing.T) { less.test(t, d) })
			}
		}
	}
	if n < 30 {
		t.Errorf("%d verbs: where are the others?", n)
	}
}

// forSeries says whether a verb is for Kubernetes Events that are written again and again about one state of an object. The examples
// change the status beside, and write others; TestRights has some that repeat.
func (l oneLess) forSeries() bool {
	return l.rules[l.rule].Resources[0] == "events" && l.verb == "patch"
}

// forStandby says whether a verb is for those that wait for the lease: who takes it at once may never use it.
func (l oneLess) forStandby() bool {
	return l.rules[l.rule].Resources[0] == "leases" && (l.verb == "list" || l.verb == "watch")
}

// says is what the log has when the verb is refused; empty: nothing, as nothing depends on it. Kubernetes Events are dropped, and
// a WebApp that is woken is looked for by a list of its name.
func (l oneLess) says() string {
	switch on := l.rules[l.rule].Resources[0]; {
	case on == "events", on == "webapps" && l.verb == "get":
		return ""
	case on == "webapps/finalizers": // it is not this that is asked for, but what is owned
		return "cannot set blockOwnerDeletion"
	default:
		return "cannot " + l.verb + " resource"
	}
}

// refused says whether requests of the program were, because of what it lacks.
func (l oneLess) refused(g *gate) bool {
	var resources []string
	for _, r := range l.rules[l.rule].Resources {
		name, sub, _ := strings.Cut(r, "/")
		if sub == "finalizers" {
			name = "configmaps" // which is owned
		}
		resources = append(resources, name)
	}
	return slices.ContainsFunc(g.refused(), func(one passed) bool { return slices.Contains(resources, one.rest()[0]) })
}

func (l oneLess) String() string {
	r := l.rules[l.rule]
	return strings.Join([]string{l.role.GetKind(), l.role.GetNamespace(), l.verb, strings.Join(r.Resources, "+"), strings.Join(r.ResourceNames, "+")}, " ")
}

func (l oneLess) test(t *testing.T, d *deployed) {
	t.Helper()
	rules := slices.Clone(l.rules)
	r := &rules[l.rule]
	if r.Verbs = slices.DeleteFunc(slices.Clone(r.Verbs), func(v string) bool { return v == l.verb }); len(r.Verbs) == 0 {
		rules = slices.Delete(rules, l.rule, l.rule+1)
	}
	less := l.role.DeepCopy()
	raw, err := apiruntime.DefaultUnstructuredConverter.ToUnstructured(&rbacv1.ClusterRole{Rules: rules})
	must(t, err)
	less.Object["rules"] = raw["rules"]
	must(t, manifests.Apply(t.Context(), d.client, less))
	d.awaitRight(t, l, false)
	defer d.awaitRight(t, l, true)
	defer func() { must(t, manifests.Apply(t.Context(), d.client, l.role)) }()
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: deployedIn, Name: deployedAs}}
	must(t, client.IgnoreNotFound(d.client.Delete(t.Context(), lease)))
	if l.forStandby() {
		lease.Spec = coordinationv1.LeaseSpec{
			HolderIdentity: new("another"), LeaseDurationSeconds: new(int32(time.Hour / time.Second)),
			AcquireTime: new(metav1.NowMicro()), RenewTime: new(metav1.NowMicro()),
		}
		create(t, d.client, lease)
	}
	space := newNamespace(t, d.client) // for 02-namespaces to write into

	shop := d.newShop(t, space) // for 03-webapp
	defer shop.close(t)
	p, g := d.start(t)
	defer p.tell(t)
	turns := 0
	waitUntil(t, "it is refused, and the log says so", func() bool {
		if turns++; turns%100 == 0 { // about once a second
			shop.turn(t)
		}
		return l.refused(g) && p.log.has(l.says())
	})
	must(t, p.cmd.Process.Kill())
	p.exit(t)
	must(t, d.client.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: space}}))
}

// shop is a WebApp that the program has not seen yet, and the Secret that it uses.
type shop struct {
	client client.Client
	app    *unstructured.Unstructured
	secret *corev1.Secret
}

func (d *deployed) newShop(t *testing.T, ns string) *shop {
	t.Helper()
	s := &shop{client: d.client, app: customObject(v1.GroupVersion.WithKind("WebApp"), ns, "shop")}
	s.secret = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "keys"}}
	s.app.Object["spec"] = map[string]any{
		"image": "example.com/shop:1", "port": int64(8080), "secret": s.secret.Name, "settings": map[string]any{"COLOUR": "green"},
	}
	create(t, d.client, s.app, s.secret.DeepCopy())
	return s
}

// turn takes the Secret away, or brings it back: the WebApp is woken, its status changes, and an Event tells of it.
func (s *shop) turn(t *testing.T) {
	t.Helper()
	err := s.client.Delete(t.Context(), s.secret.DeepCopy())
	if apierrors.IsNotFound(err) {
		err = s.client.Create(t.Context(), s.secret.DeepCopy())
	}
	must(t, err)
}

// close takes the WebApp away, whatever its finalizer waits for.
func (s *shop) close(t *testing.T) {
	t.Helper()
	none := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
	must(t, s.client.Patch(t.Context(), s.app, none))
	must(t, client.IgnoreNotFound(s.client.Delete(t.Context(), s.app)))
}

// awaitRight waits until the server knows whether the ServiceAccount has the right.
func (d *deployed) awaitRight(t *testing.T, l oneLess, want bool) {
	t.Helper()
	r := l.rules[l.rule]
	at := &authorizationv1.ResourceAttributes{Namespace: l.role.GetNamespace(), Verb: l.verb, Group: r.APIGroups[0]}
	at.Resource, at.Subresource, _ = strings.Cut(r.Resources[0], "/")
	if len(r.ResourceNames) > 0 {
		at.Name = r.ResourceNames[0]
	}
	waitUntil(t, "the server knows of the rights", func() bool {
		ask := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: "system:serviceaccount:" + deployedIn + ":" + deployedAs, ResourceAttributes: at,
		}}
		must(t, d.client.Create(t.Context(), ask))
		return ask.Status.Allowed == want
	})
}
