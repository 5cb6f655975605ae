// Package config holds the manifests in the folder config, and the Dockerfile there, to the code.
package config

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"go.uber.org/goleak"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"github.com/ancho-dev/ancho/internal/manifests"
)

// The tests run in the folder of the manifests.
func TestMain(m *testing.M) {
	if err := os.Chdir(filepath.Join("..", "..", "config")); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

func read(t *testing.T, dir string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := manifests.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// typed decodes an object into the Go type of its kind, which has to know every field.
func typed(t *testing.T, o *unstructured.Unstructured) apiruntime.Object {
	t.Helper()
	kinds := apiruntime.NewScheme()
	for _, add := range []func(*apiruntime.Scheme) error{scheme.AddToScheme, apiextensionsv1.AddToScheme, monitoringv1.AddToScheme} {
		if err := add(kinds); err != nil {
			t.Fatal(err)
		}
	}
	into, err := kinds.New(o.GroupVersionKind())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := o.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(raw, into); err != nil {
		t.Errorf("%s %s: %v", o.GetKind(), o.GetName(), err)
	}
	return into
}

// the returns the one object of a kind.
func the[T apiruntime.Object](t *testing.T, dir string) T {
	t.Helper()
	var found []T
	for _, o := range read(t, dir) {
		if one, ok := typed(t, o).(T); ok {
			found = append(found, one)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d objects of this kind in %s, want one", len(found), dir)
	}
	return found[0]
}

func names(objects []*unstructured.Unstructured) (out []string) {
	for _, o := range objects {
		out = append(out, o.GetKind()+" "+o.GetNamespace()+"/"+o.GetName())
	}
	slices.Sort(out)
	return out
}

func TestEveryFieldIsKnown(t *testing.T) {
	for _, dir := range []string{".", "monitoring"} {
		for _, o := range read(t, dir) {
			typed(t, o)
		}
	}
}

// kustomize builds a folder.
func kustomize(t *testing.T, dir string) []*unstructured.Unstructured {
	t.Helper()
	at, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "go", "-C", filepath.Join("..", "hack", "tools"), "tool", "kustomize", "build", at)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("kustomize build %s: %v\n%s", dir, err, stderr.String())
	}
	if stderr.Len() > 0 {
		t.Errorf("kustomize warns: %s", stderr.String())
	}
	built, err := manifests.Parse(stdout.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return built
}

// container is that of the Deployment among objects.
func container(t *testing.T, objects []*unstructured.Unstructured) corev1.Container {
	t.Helper()
	for _, o := range objects {
		if d, ok := typed(t, o).(*appsv1.Deployment); ok {
			return d.Spec.Template.Spec.Containers[0]
		}
	}
	t.Fatal("there is no Deployment")
	return corev1.Container{}
}

// What kustomize builds is what the files say, with the images' tags. The admin address is closed to the network.
func TestKustomize(t *testing.T) {
	built := kustomize(t, ".")
	if got, want := names(built), names(read(t, ".")); !slices.Equal(got, want) {
		t.Errorf("kustomize builds %q, the files have %q", got, want)
	}
	c := container(t, built)
	if c.Image != "ancho-examples:dev" {
		t.Errorf("the image is %s", c.Image)
	}
	if slices.ContainsFunc(c.Args, func(a string) bool { return strings.Contains(a, "--admin") }) || len(c.Ports) != 1 {
		t.Errorf("arguments %q, ports %v", c.Args, c.Ports)
	}
}

// With the component, as a comment of the kustomization says, there is all that monitoring needs: the admin address listens where
// Prometheus can reach it, the PodMonitor finds it by its port's name, and a NetworkPolicy lets Prometheus in, and probes.
func TestMonitoring(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "config")
	if err := os.CopyFS(dir, os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "..", "examples", "03-webapp", "crd"), os.DirFS("../examples/03-webapp/crd")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "kustomization.yaml")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	with := bytes.Replace(raw, []byte("# components:\n# - monitoring\n"), []byte("components:\n- monitoring\n"), 1)
	if bytes.Equal(with, raw) {
		t.Fatal("the kustomization does not name the component")
	}
	if err := os.WriteFile(file, with, 0o600); err != nil {
		t.Fatal(err)
	}
	built := kustomize(t, dir)
	want := names(slices.Concat(read(t, "."), read(t, "monitoring")))
	if got := names(built); !slices.Equal(got, want) {
		t.Errorf("kustomize builds %q, the files have %q", got, want)
	}
	c := container(t, built)
	at := slices.IndexFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == "admin" })
	if at < 0 || !slices.Contains(c.Args, fmt.Sprintf("--admin=:%d", c.Ports[at].ContainerPort)) || !slices.Contains(c.Args, "--leader-elect") {
		t.Fatalf("arguments %q, ports %v", c.Args, c.Ports)
	}
	if e := the[*monitoringv1.PodMonitor](t, "monitoring").Spec.PodMetricsEndpoints[0]; e.Port == nil || *e.Port != "admin" || e.Path != "/metrics" {
		t.Errorf("Prometheus asks %v for %s", e.Port, e.Path)
	}
	p := the[*networkingv1.NetworkPolicy](t, "monitoring")
	open := map[int32]bool{} // by port: to all
	for _, rule := range p.Spec.Ingress {
		for _, port := range rule.Ports {
			open[port.Port.IntVal] = len(rule.From) == 0
		}
	}
	if health, admin := open[c.Ports[0].ContainerPort], open[c.Ports[at].ContainerPort]; !health || admin || len(open) != 2 {
		t.Errorf("open to all: %v", open)
	}
	if !maps.Equal(p.Spec.PodSelector.MatchLabels, the[*appsv1.Deployment](t, ".").Spec.Template.Labels) {
		t.Errorf("the policy is about %v", p.Spec.PodSelector)
	}
}

func TestDeployment(t *testing.T) {
	d := the[*appsv1.Deployment](t, ".")
	pod := d.Spec.Template.Spec
	if *d.Spec.Replicas != 2 || len(pod.Containers) != 1 {
		t.Fatalf("%d replicas of %d containers", *d.Spec.Replicas, len(pod.Containers))
	}
	c := pod.Containers[0]
	for what, is := range map[string]bool{
		"leader election":         slices.Contains(c.Args, "--leader-elect"),
		"no root":                 *pod.SecurityContext.RunAsNonRoot && *pod.SecurityContext.RunAsUser > 0,
		"seccomp":                 pod.SecurityContext.SeccompProfile.Type == corev1.SeccompProfileTypeRuntimeDefault,
		"no escalation":           !*c.SecurityContext.AllowPrivilegeEscalation,
		"read-only root":          *c.SecurityContext.ReadOnlyRootFilesystem,
		"no capabilities":         slices.Equal(c.SecurityContext.Capabilities.Drop, []corev1.Capability{"ALL"}) && len(c.SecurityContext.Capabilities.Add) == 0,
		"liveness":                c.LivenessProbe.HTTPGet.Path == "/healthz" && c.LivenessProbe.HTTPGet.Port.StrVal == c.Ports[0].Name,
		"readiness":               c.ReadinessProbe.HTTPGet.Path == "/readyz" && c.ReadinessProbe.HTTPGet.Port.StrVal == c.Ports[0].Name,
		"requests":                !c.Resources.Requests.Cpu().IsZero() && !c.Resources.Requests.Memory().IsZero(),
		"limit":                   c.Resources.Limits.Memory().Cmp(*c.Resources.Requests.Memory()) >= 0,
		"its own Pods":            d.Spec.Selector.MatchLabels["app.kubernetes.io/name"] == d.Spec.Template.Labels["app.kubernetes.io/name"],
		"a token":                 *pod.AutomountServiceAccountToken,
		"the Namespace it is in":  d.Namespace == the[*corev1.ServiceAccount](t, ".").Namespace,
		"the ServiceAccount":      pod.ServiceAccountName == the[*corev1.ServiceAccount](t, ".").Name,
		"time for the last calls": *pod.TerminationGracePeriodSeconds > 25,
	} {
		if !is {
			t.Errorf("the Deployment lacks: %s", what)
		}
	}
}

// The PodMonitor finds the Deployment's Pods.
func TestPodMonitor(t *testing.T) {
	m, d := the[*monitoringv1.PodMonitor](t, "monitoring"), the[*appsv1.Deployment](t, ".")
	for k, v := range m.Spec.Selector.MatchLabels {
		if d.Spec.Template.Labels[k] != v {
			t.Errorf("selects Pods with %s=%s, the Deployment's have %v", k, v, d.Spec.Template.Labels)
		}
	}
	if m.Namespace != d.Namespace || len(m.Spec.Selector.MatchLabels) == 0 {
		t.Errorf("in %s, by %v", m.Namespace, m.Spec.Selector.MatchLabels)
	}
}

// Every role is bound, and to the ServiceAccount of the Deployment alone. No rule has a wildcard.
func TestRoles(t *testing.T) {
	account := the[*corev1.ServiceAccount](t, ".")
	want := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: account.Namespace, Name: account.Name}
	spaces, roles, bound := map[string]bool{"default": true}, map[string]bool{}, map[string]bool{}
	check := func(ref rbacv1.RoleRef, namespace string, to []rbacv1.Subject) {
		bound[ref.Kind+" "+namespace+"/"+ref.Name] = true
		if !slices.Equal(to, []rbacv1.Subject{want}) {
			t.Errorf("%s is bound to %v", ref.Name, to)
		}
	}
	rules := func(kind, namespace, name string, all []rbacv1.PolicyRule) {
		roles[kind+" "+namespace+"/"+name] = true
		for i := range all {
			if r := &all[i]; slices.Contains(slices.Concat(r.Verbs, r.Resources, r.APIGroups, r.ResourceNames), "*") {
				t.Errorf("%s has a wildcard: %v", name, r)
			}
		}
		if namespace != "" && !spaces[namespace] {
			t.Errorf("%s is in the Namespace %s, which is not there", name, namespace)
		}
	}
	for _, o := range read(t, ".") {
		switch o := typed(t, o).(type) {
		case *corev1.Namespace:
			spaces[o.Name] = true
		case *rbacv1.Role:
			rules("Role", o.Namespace, o.Name, o.Rules)
		case *rbacv1.ClusterRole:
			rules("ClusterRole", "", o.Name, o.Rules)
		case *rbacv1.RoleBinding:
			check(o.RoleRef, o.Namespace, o.Subjects)
		case *rbacv1.ClusterRoleBinding:
			check(o.RoleRef, "", o.Subjects)
		}
	}
	for r := range roles {
		if !bound[r] {
			t.Errorf("%s is bound to nobody", r)
		}
	}
	if len(roles) != len(bound) || len(roles) < 2 {
		t.Errorf("%d roles, %d bindings", len(roles), len(bound))
	}
}

// The folder has no file that nothing deploys.
func TestEveryFileIsUsed(t *testing.T) {
	for _, dir := range []string{".", "rbac", "monitoring"} {
		raw, err := os.ReadFile(filepath.Join(dir, "kustomization.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if name := filepath.Base(f); name != "kustomization.yaml" && !bytes.Contains(raw, []byte("- "+name+"\n")) && !bytes.Contains(raw, []byte("- path: "+name+"\n")) {
				t.Errorf("%s is not in %s/kustomization.yaml", f, dir)
			}
		}
	}
}
