//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// template is an object of a kind that nothing else on the test's server watches.
func template(namespace, name string, labels map[string]string) *corev1.PodTemplate {
	pt := &corev1.PodTemplate{}
	pt.Namespace, pt.Name, pt.Labels = namespace, name, labels
	pt.Template.Spec.Containers = []corev1.Container{{Name: "c", Image: "i"}}
	return pt
}

// sharer is one binding with what it has to see.
type sharer struct {
	name  string
	calls calls[*corev1.PodTemplate]
	wants func(*corev1.PodTemplate) bool
}

// TestTwentyBindingsShareOneStream: bindings on one kind, narrow and wide, open one watch on the server, and
// each sees the objects of its selection and no other. It runs alone: it counts what the server counts.
func TestTwentyBindingsShareOneStream(t *testing.T) {
	env := cluster(t)
	c := newClient(t, env.Config)
	a, b, other := newNamespace(t, c), newNamespace(t, c), newNamespace(t, c)
	var sharers []*sharer
	sees := func(name string, wants func(*corev1.PodTemplate) bool) *sharer {
		s := &sharer{name: name, wants: wants}
		sharers = append(sharers, s)
		return s
	}
	all := capability.When(kind.PodTemplate)
	bindings := narrowSharers(all, sees, a, b)
	bindings = append(bindings, wideSharers(all, sees, a)...)
	if len(sharers) != 19 {
		t.Fatalf("%d bindings, want 19 and one in a capability of its own", len(sharers))
	}
	outside := sees("outside", func(o *corev1.PodTemplate) bool { return o.Namespace != a && o.Namespace != b })
	caps := []capability.Func{
		func(capability.Env) *capability.Capability { return capability.New("shared", bindings...) },
		func(capability.Env) *capability.Capability {
			return capability.New("outside", all.Alias("outside").Watch(outside.calls.handle)).NotInNamespace(a, b)
		},
	}

	var objects []*corev1.PodTemplate
	for _, ns := range []string{a, b, other} {
		objects = append(objects,
			template(ns, "n", map[string]string{"app": "web"}),
			template(ns, "plain", nil),
			template(ns, "cache", map[string]string{"app": "cache", "tier": "back"}))
	}
	objects[1].Annotations = map[string]string{"note": "yes"}
	objects[5].Template.Spec.NodeName = "picked"
	for _, o := range objects[:5] { // the others come while the program runs
		create(t, c, o)
	}
	unwatched(t, env.Config, "podtemplates")
	cfg, spy := spied(env.Config)
	p := run(t, cfg, runtime.Options{Capabilities: caps})
	p.ready(t)
	for _, o := range objects[5:] {
		create(t, c, o)
	}
	end := template(other, "end", nil)
	create(t, c, end)
	waitUntil(t, "the last object", func() bool { return len(sharers[0].calls.of("end")) > 0 })
	p.idle(t)
	t.Cleanup(func() { // the next run of this test sees the whole server too
		for _, ns := range []string{a, b, other} {
			must(t, c.DeleteAllOf(context.Background(), &corev1.PodTemplate{}, client.InNamespace(ns)))
		}
	})

	for _, s := range sharers {
		var want []string
		for _, o := range append(objects, end) {
			if s.wants(o) {
				want = append(want, key(o))
			}
		}
		s.calls.only(t, s.name, want...)
	}
	if n := serverWatches(t, env.Config, "podtemplates"); n != 1 {
		t.Errorf("the server counts %d watches, want 1", n)
	}
	if got := spy.gets("/podtemplates"); len(got) != 1 || got[0].path != "/api/v1/podtemplates" || strings.Contains(got[0].query, "elector") {
		t.Errorf("requests: %v, want one for the whole kind", got)
	}
	if n := p.metric(t, "ancho_streams"); n != 1 {
		t.Errorf("ancho_streams: %v, want 1", n)
	}
}

// narrowSharers are bindings that would have narrower streams of their own.
func narrowSharers(all capability.Selection[*corev1.PodTemplate], sees func(string, func(*corev1.PodTemplate) bool) *sharer, a, b string) []capability.Binding {
	type object = *corev1.PodTemplate
	inA, inB := func(o object) bool { return o.Namespace == a }, func(o object) bool { return o.Namespace == b }
	app := func(o object) string { return o.Labels["app"] }
	return []capability.Binding{
		all.Alias("all").Reconcile(sees("all", func(object) bool { return true }).calls.handle),
		all.InNamespace(a).Alias("in-a").Watch(sees("in-a", inA).calls.handle),
		all.InNamespace(b).Alias("in-b").Reconcile(sees("in-b", inB).calls.handle),
		all.InNamespace(a, b).Alias("in-both").Reconcile(sees("in-both", func(o object) bool { return inA(o) || inB(o) }).calls.handle),
		all.InNamespace(a, b).Wide().Alias("joined").Watch(sees("joined", func(o object) bool { return inA(o) || inB(o) }).calls.handle),
		all.WithName("n").Alias("named").Watch(sees("named", func(o object) bool { return o.Name == "n" }).calls.handle),
		all.InNamespace(a).WithName("n").Alias("one").Reconcile(sees("one", func(o object) bool { return inA(o) && o.Name == "n" }).calls.handle),
		all.WithLabel("app", "web").Alias("web").Watch(sees("web", func(o object) bool { return app(o) == "web" }).calls.handle),
		all.WithLabel("app", "web", "cache").WithLabel("tier").Alias("back").Reconcile(sees("back", func(o object) bool { return app(o) == "cache" }).calls.handle),
		all.WithLabels("app notin (web)").InNamespace(b).Alias("no-web").Reconcile(sees("no-web", func(o object) bool { return inB(o) && app(o) != "web" }).calls.handle),
		all.WithField("metadata.name", "plain").Alias("by-field").Watch(sees("by-field", func(o object) bool { return o.Name == "plain" }).calls.handle),
	}
}

// wideSharers are bindings that filter here.
func wideSharers(all capability.Selection[*corev1.PodTemplate], sees func(string, func(*corev1.PodTemplate) bool) *sharer, a string) []capability.Binding {
	type object = *corev1.PodTemplate
	never := func(object) bool { return false }
	picked := func(o object) bool { return o.Template.Spec.NodeName == "picked" }
	return []capability.Binding{
		all.WithNameRegex("^(n|cache)$").Alias("name-regex").Watch(sees("name-regex", func(o object) bool { return o.Name == "n" || o.Name == "cache" }).calls.handle),
		all.InNamespaceRegex("^" + a + "$").Alias("namespace-regex").Watch(sees("namespace-regex", func(o object) bool { return o.Namespace == a }).calls.handle),
		all.WithAnnotation("note", "yes").Alias("annotated").Reconcile(sees("annotated", func(o object) bool { return o.Annotations["note"] == "yes" }).calls.handle),
		all.Where(picked).Alias("where").Reconcile(sees("where", picked).calls.handle),
		all.IsCreated().Alias("created").Watch(sees("created", func(object) bool { return true }).calls.handle),
		all.IsUpdated().Alias("updated").Watch(sees("updated", never).calls.handle),
		all.IsDeleted().WithLabel("app").Alias("deleted").Reconcile(sees("deleted", never).calls.handle),
		all.WithDeletionTimestamp().Alias("deleting").Reconcile(sees("deleting", never).calls.handle),
	}
}

// TestNarrowBindingSelectsOnTheServer: alone, a narrow binding lets the server select, so that nothing else
// crosses the wire.
func TestNarrowBindingSelectsOnTheServer(t *testing.T) {
	t.Parallel()
	env := cluster(t)
	c := newClient(t, env.Config)
	ns := newNamespace(t, c)
	create(t, c, labelled(ns, "mine", map[string]string{"app": "web", "x": ""}), labelled(ns, "mine-not", map[string]string{"app": "web", "x": ""}),
		labelled(ns, "another", map[string]string{"app": "web"}), labelled(ns, "plain", nil))
	seen := &calls[*corev1.ConfigMap]{}
	byName := &calls[*corev1.ConfigMap]{}
	cfg, spy := spied(env.Config)
	p := run(t, cfg, runtime.Options{},
		capability.When(kind.ConfigMap).InNamespace(ns).WithLabel("app", "web").WithLabel("x").Reconcile(seen.handle),
		capability.When(kind.ConfigMap).InNamespace(ns).WithName("plain").Alias("by-name").Reconcile(byName.handle))
	p.ready(t)
	seen.wait(t, 2)
	byName.wait(t, 1)
	p.idle(t)
	seen.only(t, "configmaps", ns+"/mine", ns+"/mine-not")
	byName.only(t, "by-name", ns+"/plain")

	asked := fmt.Sprint(spy.gets("/api/v1/namespaces/" + ns + "/configmaps"))
	for _, want := range []string{"labelSelector=app%3Dweb%2Cx", "fieldSelector=metadata.name%3Dplain"} {
		if !strings.Contains(asked, want) {
			t.Errorf("requests %s: none with %s", asked, want)
		}
	}
	for stream, want := range map[string]float64{"labelSelector": 2, "fieldSelector": 1} {
		if got := objectFrames(t, p, stream); got != want {
			t.Errorf("the stream with %s brought %v objects, want %v", stream, got, want)
		}
	}
}

// objectFrames counts the objects that came over streams whose name holds a text.
func objectFrames(t *testing.T, p *program, stream string) (sum float64) {
	t.Helper()
	for _, s := range p.Snapshot().Streams {
		if strings.Contains(s.Stream, stream) {
			sum += p.metric(t, "ancho_stream_frames_total", "stream", s.Stream, "type", "ADDED")
			sum += p.metric(t, "ancho_stream_frames_total", "stream", s.Stream, "type", "LISTED")
		}
	}
	return sum
}

// unwatched waits until the API server has noticed that nobody watches a resource any more.
func unwatched(t *testing.T, cfg *rest.Config, resource string) {
	t.Helper()
	waitUntil(t, resource+" are not watched", func() bool { return serverWatches(t, cfg, resource) == 0 })
}

// serverWatches asks the API server how many watches on a resource are open.
func serverWatches(t *testing.T, cfg *rest.Config, resource string) (sum int) {
	t.Helper()
	httpClient, err := rest.HTTPClientFor(cfg)
	must(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimRight(cfg.Host, "/")+"/metrics", http.NoBody)
	must(t, err)
	resp, err := httpClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("metrics of the server: %s", resp.Status)
	}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		line := lines.Text()
		if !strings.HasPrefix(line, "apiserver_longrunning_requests{") ||
			!strings.Contains(line, `resource="`+resource+`"`) || !strings.Contains(line, `verb="WATCH"`) {
			continue
		}
		n, err := strconv.Atoi(line[strings.LastIndexByte(line, ' ')+1:])
		must(t, err)
		sum += n
	}
	must(t, lines.Err())
	return sum
}
