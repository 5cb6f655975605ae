//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// TestWide: several namespaces are one watch each, which brings their objects alone; with Wide they are one watch of the
// whole cluster, of which the others are left out here. The binding is told the same. It runs alone: it counts what the
// server counts.
func TestWide(t *testing.T) {
	env := cluster(t)
	c := newClient(t, env.Config)
	a, b, other := newNamespace(t, c), newNamespace(t, c), newNamespace(t, c)
	spaces := []string{a, b, other}
	t.Cleanup(func() { // the next run of this test sees the whole server too
		for _, ns := range spaces {
			must(t, c.DeleteAllOf(context.Background(), &corev1.PodTemplate{}, client.InNamespace(ns)))
		}
	})
	for _, ns := range spaces {
		create(t, c, template(ns, "there", map[string]string{"app": "web"}), template(ns, "plain", nil))
	}
	several := capability.When(kind.PodTemplate).InNamespace(a, b).WithLabel("app").IsCreatedOrUpdated().IsDeleted().HasLeft()
	for name, mode := range map[string]struct {
		sel     capability.Selection[*corev1.PodTemplate]
		paths   []string
		objects float64 // that the streams brought
	}{
		"one each": {several, []string{"/api/v1/namespaces/" + a + "/podtemplates", "/api/v1/namespaces/" + b + "/podtemplates"}, 5},
		"wide":     {several.Wide(), []string{"/api/v1/podtemplates"}, 7},
	} {
		t.Run(name, func(t *testing.T) {
			unwatched(t, env.Config, "podtemplates")
			seen := &calls[*corev1.PodTemplate]{}
			cfg, spy := spied(env.Config)
			p := run(t, cfg, runtime.Options{}, mode.sel.Concurrency(1).Watch(seen.handle))
			p.ready(t)
			name = strings.ReplaceAll(name, " ", "-")
			for _, ns := range []string{other, a, b} { // what the others do comes first
				o := template(ns, name, map[string]string{"app": "web"})
				create(t, c, o, template(ns, name+"-plain", nil))
				edit(t, c, o, func(o *corev1.PodTemplate) { o.Annotations = map[string]string{"k": "v"} })
				if ns == b {
					edit(t, c, o, func(o *corev1.PodTemplate) { o.Labels = nil })
					seen.waitType(t, name, hasLeft) // the live read must find it: Deleted were right too, once it is gone
				}
				must(t, c.Delete(t.Context(), o))
				must(t, c.Delete(t.Context(), template(ns, name+"-plain", nil)))
			}
			end := template(b, name+"-end", map[string]string{"app": "web"})
			create(t, c, end)
			seen.waitType(t, end.Name, added)
			waitUntil(t, "all of a", func() bool { return len(seen.of(name)) == 6 })
			p.idle(t)

			seen.only(t, name, a+"/there", b+"/there", a+"/"+name, b+"/"+name, b+"/"+end.Name)
			types := map[string][]capability.EventType{}
			for _, one := range seen.of(name) {
				types[one.Object.Namespace] = append(types[one.Object.Namespace], one.Type)
			}
			if !slices.Equal(types[a], []capability.EventType{added, modified, deleted}) || !slices.Equal(types[b], []capability.EventType{added, modified, hasLeft}) {
				t.Errorf("told of %v", types)
			}
			if n := serverWatches(t, env.Config, "podtemplates"); n != len(mode.paths) {
				t.Errorf("the server counts %d watches, want %d", n, len(mode.paths))
			}
			var asked []string
			for _, r := range spy.gets("/podtemplates") {
				asked = append(asked, r.path)
				if !strings.Contains(r.query, "labelSelector=app&") && !strings.HasSuffix(r.query, "labelSelector=app") || strings.Contains(r.query, "fieldSelector") {
					t.Errorf("asked with %s, want the label alone to be selected", r.query)
				}
			}
			slices.Sort(asked)
			want := slices.Sorted(slices.Values(mode.paths))
			if !slices.Equal(asked, want) {
				t.Errorf("requests for %v, want one each for %v", asked, want)
			}
			if got := objectFrames(t, p, "podtemplates"); got != mode.objects {
				t.Errorf("the streams brought %v objects, want %v", got, mode.objects)
			}
			must(t, c.Delete(t.Context(), end))
		})
	}
}

// TestWideNeedsTheRightToAll: who may read two namespaces can watch both, but not with Wide, which says what it lacks and
// begins when it is given.
func TestWideNeedsTheRightToAll(t *testing.T) {
	t.Parallel()
	c := newClient(t, cluster(t).Config)
	a, b := newNamespace(t, c), newNamespace(t, c)
	cfg, user := somebody(t, "wide")
	rights{user: "wide", namespace: a, verbs: reads}.give(t, c, user)
	rights{user: "wide", namespace: b, verbs: reads}.give(t, c, user)
	create(t, c, configMap(a, "there"), configMap(b, "there"))
	for _, wide := range []bool{false, true} {
		t.Run(fmt.Sprint(wide), func(t *testing.T) {
			seen := &calls[*corev1.ConfigMap]{}
			sel := capability.When(kind.ConfigMap).InNamespace(a, b)
			if wide {
				sel = sel.Wide()
			}
			p := run(t, cfg, runtime.Options{}, sel.Reconcile(seen.handle))
			if wide {
				p.waitBlocked(t, "/api/v1/configmaps", "forbidden", `verb "watch"`, "ClusterRole")
				if n := len(seen.list()); n != 0 {
					t.Errorf("%d calls without the right", n)
				}
				rights{user: "wide", namespace: "*", verbs: reads}.give(t, c, user)
			}
			p.ready(t)
			seen.wait(t, 2)
			p.idle(t)
			seen.only(t, "configmaps", a+"/there", b+"/there")
			if n := p.metric(t, "ancho_streams"); (n == 1) != wide {
				t.Errorf("%v streams", n)
			}
		})
	}
}
