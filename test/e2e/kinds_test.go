//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiversion "k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/testenv"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// everything makes a server serve all its APIs, alpha ones among them.
var everything = testenv.Options{APIServerArgs: []string{
	"--runtime-config=api/all=true", "--feature-gates=AllAlpha=true,AllBeta=true",
}}

// watchable is what a server says of one kind in one version.
type watchable struct {
	plural     string
	namespaced bool
}

// discovered asks a server for all kinds that can be watched, in all versions.
func discovered(t *testing.T, env *testenv.Env) map[schema.GroupVersionKind]watchable {
	t.Helper()
	d, err := discovery.NewDiscoveryClientForConfig(env.Config)
	must(t, err)
	_, lists, err := d.ServerGroupsAndResources()
	must(t, err)
	out := map[schema.GroupVersionKind]watchable{}
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		must(t, err)
		for _, r := range list.APIResources {
			if !strings.Contains(r.Name, "/") && slices.Contains(r.Verbs, "watch") && !strings.HasSuffix(gv.Group, "example.com") {
				out[gv.WithKind(r.Kind)] = watchable{plural: r.Name, namespaced: r.Namespaced}
			}
		}
	}
	return out
}

// TestBuiltinKinds looks at all kinds of a server that serves everything it has.
func TestBuiltinKinds(t *testing.T) {
	t.Parallel()
	env := ownCluster(t, everything)
	t.Run("are the server's", func(t *testing.T) { t.Parallel(); builtinKindsAreTheServers(t, env) })
	t.Run("count generations", func(t *testing.T) { t.Parallel(); plansKnowGenerations(t, env) })
	t.Run("sync", func(t *testing.T) { t.Parallel(); everyBuiltinKindSyncs(t, env) })
}

// builtinKindsAreTheServers: the generated table is what the server says: no kind is missing, none is too
// many, each has the best version, its plural and its scope.
func builtinKindsAreTheServers(t *testing.T, env *testenv.Env) {
	served := discovered(t, env)
	best := map[schema.GroupKind]string{}
	for gvk := range served {
		if v := best[gvk.GroupKind()]; v == "" || apiversion.CompareKubeAwareVersionStrings(gvk.Version, v) > 0 {
			best[gvk.GroupKind()] = gvk.Version
		}
	}
	for _, k := range kind.Builtin() {
		r := k.Resource()
		is, ok := served[r.GVK()]
		switch {
		case !ok:
			t.Errorf("%s is not served, or cannot be watched", r.GVK())
		case is.plural != r.Plural || is.namespaced != r.Namespaced:
			t.Errorf("%s: the server says %+v, the table %s, namespaced %v", r.GVK(), is, r.Plural, r.Namespaced)
		case best[r.GVK().GroupKind()] != r.Version:
			t.Errorf("%s: the server has %s", r.GVK(), best[r.GVK().GroupKind()])
		}
		delete(best, r.GVK().GroupKind())
	}
	for gk := range best {
		t.Errorf("%s is served, and not in the table", gk)
	}
}

// plansKnowGenerations: OnSpecChange is warned of for just those kinds whose objects have no generation on the server. Kinds
// that a new server has no object of are not compared.
func plansKnowGenerations(t *testing.T, env *testenv.Env) {
	c := newClient(t, env.Config)
	compared := 0
	for _, k := range kind.Builtin() {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(k.Resource().GVK())
		must(t, c.List(t.Context(), list, client.Limit(1)))
		if len(list.Items) == 0 {
			continue
		}
		compared++
		plan, err := runtime.PlanFor(runtime.Options{Capabilities: []capability.Func{func(capability.Env) *capability.Capability {
			ignore := func(context.Context, capability.Event[*metav1.PartialObjectMetadata]) error { return nil }
			return capability.New("c", capability.When(kind.Metadata(k)).OnSpecChange().Reconcile(ignore))
		}}})
		must(t, err)
		warned := slices.ContainsFunc(plan[0].Warnings, func(w string) bool { return strings.HasPrefix(w, "OnSpecChange") })
		if none := list.Items[0].Generation == 0; warned != none {
			t.Errorf("%s: the server counts generations: %v, the plan warns: %v", k.Resource(), !none, warned)
		}
	}
	if compared < 15 {
		t.Errorf("compared %d kinds, want at least 15", compared)
	}
}

// watchEvery makes a binding on a kind that checks what it is given.
func watchEvery[T kind.Object](t *testing.T, k kind.Kind[T], form string, number int) capability.Binding {
	want := k.Resource().GVK()
	return capability.When(k).Alias(fmt.Sprintf("%s-%d", form, number)).
		Watch(func(_ context.Context, e capability.Event[T]) error {
			if got := e.Object.GetObjectKind().GroupVersionKind(); got != want || e.Object.GetName() == "" || e.Object.GetUID() == "" {
				t.Errorf("%s of %s: %s %q", form, want, got, e.Object.GetName())
			}
			return nil
		})
}

// everyBuiltinKindSyncs: one program watches all kinds that the server has, each as its Go type (protobuf),
// as metadata (protobuf) and as a map (JSON): all streams are complete, and what they bring decodes.
func everyBuiltinKindSyncs(t *testing.T, env *testenv.Env) {
	typed := typedBindings(t)
	if len(typed) != len(kind.Builtin()) {
		t.Fatalf("this test lists %d kinds, want all %d", len(typed), len(kind.Builtin()))
	}
	var others []capability.Binding
	for i, k := range kind.Builtin() {
		r := k.Resource()
		others = append(others,
			watchEvery(t, kind.Metadata(k), "metadata", i),
			watchEvery(t, kind.Unstructured(r.GVK()), "map", i))
	}
	capabilityOf := func(name string, b []capability.Binding) capability.Func {
		return func(capability.Env) *capability.Capability { return capability.New(name, b...) }
	}
	p := run(t, env.Config, runtime.Options{StrictReadiness: true, Capabilities: []capability.Func{
		capabilityOf("typed", typed), capabilityOf("others", others),
	}})
	p.ready(t)
	if n := len(p.Snapshot().Streams); n != 3*len(kind.Builtin()) {
		t.Errorf("%d streams, want three for each of %d kinds", n, len(kind.Builtin()))
	}
	if n := p.metric(t, "ancho_stream_synced"); int(n) != 3*len(kind.Builtin()) {
		t.Errorf("%v streams are synced by the metrics", n)
	}
	for _, s := range p.Snapshot().Streams {
		if !s.Synced || s.Reason != "" {
			t.Errorf("%s: %s %s %s", s.Stream, s.Phase, s.Reason, s.Message)
		}
	}
	p.idle(t)
	for _, metric := range []string{"ancho_binding_undecodable_total", "ancho_stream_skipped_total"} {
		if n := p.metric(t, metric); n != 0 {
			t.Errorf("%s is %v", metric, n)
		}
	}
	if n := p.metric(t, "ancho_binding_calls_total", "capability", "typed", "outcome", "done"); n < 100 {
		t.Errorf("%v objects were seen by their types; a new server has some hundred", n)
	}
}

// listed are bindings on kinds by their Go types.
type listed []capability.Binding

func add[T kind.Object](t *testing.T, l *listed, k kind.Kind[T]) {
	*l = append(*l, watchEvery(t, k, "typed", len(*l)))
}

// typedBindings has a binding on every built-in kind: only written out has each its Go type.
func typedBindings(t *testing.T) listed {
	var l listed
	add(t, &l, kind.APIService)
	add(t, &l, kind.CSIDriver)
	add(t, &l, kind.CSINode)
	add(t, &l, kind.CSIStorageCapacity)
	add(t, &l, kind.CertificateSigningRequest)
	add(t, &l, kind.ClusterRole)
	add(t, &l, kind.ClusterRoleBinding)
	add(t, &l, kind.ClusterTrustBundle)
	add(t, &l, kind.CompositePodGroup)
	add(t, &l, kind.ConfigMap)
	add(t, &l, kind.ControllerRevision)
	add(t, &l, kind.CoreEvent)
	add(t, &l, kind.CronJob)
	add(t, &l, kind.CustomResourceDefinition)
	add(t, &l, kind.DaemonSet)
	add(t, &l, kind.Deployment)
	add(t, &l, kind.DeviceClass)
	add(t, &l, kind.DeviceTaintRule)
	add(t, &l, kind.EndpointSlice)
	add(t, &l, kind.Endpoints)
	add(t, &l, kind.Event)
	add(t, &l, kind.Eviction)
	add(t, &l, kind.EvictionRequest)
	add(t, &l, kind.FlowSchema)
	add(t, &l, kind.HorizontalPodAutoscaler)
	add(t, &l, kind.IPAddress)
	add(t, &l, kind.Ingress)
	add(t, &l, kind.IngressClass)
	add(t, &l, kind.Job)
	add(t, &l, kind.Lease)
	add(t, &l, kind.LeaseCandidate)
	add(t, &l, kind.LimitRange)
	add(t, &l, kind.MutatingAdmissionPolicy)
	add(t, &l, kind.MutatingAdmissionPolicyBinding)
	add(t, &l, kind.MutatingWebhookConfiguration)
	add(t, &l, kind.Namespace)
	add(t, &l, kind.NetworkPolicy)
	add(t, &l, kind.Node)
	add(t, &l, kind.PersistentVolume)
	add(t, &l, kind.PersistentVolumeClaim)
	add(t, &l, kind.Pod)
	add(t, &l, kind.PodCertificateRequest)
	add(t, &l, kind.PodDisruptionBudget)
	add(t, &l, kind.PodGroup)
	add(t, &l, kind.PodTemplate)
	add(t, &l, kind.PriorityClass)
	add(t, &l, kind.PriorityLevelConfiguration)
	add(t, &l, kind.ReplicaSet)
	add(t, &l, kind.ReplicationController)
	add(t, &l, kind.ResourceClaim)
	add(t, &l, kind.ResourceClaimTemplate)
	add(t, &l, kind.ResourcePoolStatusRequest)
	add(t, &l, kind.ResourceQuota)
	add(t, &l, kind.ResourceSlice)
	add(t, &l, kind.Role)
	add(t, &l, kind.RoleBinding)
	add(t, &l, kind.RuntimeClass)
	add(t, &l, kind.Secret)
	add(t, &l, kind.Service)
	add(t, &l, kind.ServiceAccount)
	add(t, &l, kind.ServiceCIDR)
	add(t, &l, kind.StatefulSet)
	add(t, &l, kind.StorageClass)
	add(t, &l, kind.StorageVersion)
	add(t, &l, kind.StorageVersionMigration)
	add(t, &l, kind.ValidatingAdmissionPolicy)
	add(t, &l, kind.ValidatingAdmissionPolicyBinding)
	add(t, &l, kind.ValidatingWebhookConfiguration)
	add(t, &l, kind.VolumeAttachment)
	add(t, &l, kind.VolumeAttributesClass)
	add(t, &l, kind.Workload)
	return l
}
