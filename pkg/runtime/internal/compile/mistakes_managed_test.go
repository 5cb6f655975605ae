package compile_test

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
)

const someFinalizer = "pods.example.com/cleanup"

func secretsOfPod(*corev1.Pod) []types.NamespacedName { return nil }

func podsOfNode(*corev1.Node) []types.NamespacedName { return nil }

// alien is a kind of nobody's making.
type alien struct{ kind.Any }

func (alien) Resource() kind.Resource { return kind.Secret.Resource() }

// Each of these is one mistake of the triggers of one selection of pods.
func TestWrongTriggers(t *testing.T) {
	owned := capability.When(kind.ConfigMap)
	secrets := capability.When(kind.Secret)
	type mapped = capability.Trigger
	tests := map[string]struct {
		in   func(pods) pods
		want string
	}{
		"owns nothing":           {func(s pods) pods { return s.Owns() }, "Owns() without arguments"},
		"owns nil":               {func(s pods) pods { return s.Owns(kind.Secret, nil) }, "Owns: kind number 2 is nil"},
		"owns a nil pointer":     {func(s pods) pods { return s.Owns((*kind.Kind[*corev1.Secret])(nil)) }, "Owns: kind number 1 is nil"},
		"owns something alien":   {func(s pods) pods { return s.Owns(alien{}) }, "Owns of a compile_test.alien"},
		"owns a zero kind":       {func(s pods) pods { return s.Owns(kind.Kind[*corev1.Secret]{}) }, "the source of Owns: the kind is a zero value"},
		"owns a zero selection":  {func(s pods) pods { return s.Owns(capability.Selection[*corev1.Secret]{}) }, "the source of Owns: the selection is a zero value"},
		"owns a node":            {func(s pods) pods { return s.Owns(kind.Node) }, "the source of Owns: Node is cluster-scoped, and cannot be owned by a Pod"},
		"owns what is elsewhere": {func(s pods) pods { return s.InNamespace("a").Owns(owned.InNamespace("b")) }, "the source of Owns: "},
		"owns with a bad name":   {func(s pods) pods { return s.Owns(owned.WithName("A")) }, `the source of Owns: WithName("A"): no ConfigMap can have this name`},
		"owns with settings":     {func(s pods) pods { return s.Owns(owned.Concurrency(2)) }, "the source of Owns: its settings would have no effect"},
		"owns with an alias":     {func(s pods) pods { return s.Owns(owned.Alias("mine")) }, "the source of Owns: its settings would have no effect"},
		"owns a kept one":        {func(s pods) pods { return s.Owns(owned.Cached()) }, "the source of Owns: its settings would have no effect"},
		"owns an owner":          {func(s pods) pods { return s.Owns(owned.Owns(kind.Secret)) }, "the source of Owns: it has triggers of its own"},
		"owns while it goes":     {func(s pods) pods { return s.IsDeleted().Owns(kind.Secret) }, "Owns wakes objects that exist"},
		"uses nil":               {func(s pods) pods { return s.Uses(nil, secretsOfPod) }, "Uses: kind number 1 is nil"},
		"uses without names":     {func(s pods) pods { return s.Uses(kind.Secret, nil) }, "Uses(..., nil): nobody names"},
		"uses something alien":   {func(s pods) pods { return s.Uses(alien{}, secretsOfPod) }, "Uses of a compile_test.alien"},
		"uses with a bad label":  {func(s pods) pods { return s.Uses(secrets.WithLabel("a b"), secretsOfPod) }, `the source of Uses: WithLabel("a b")`},
		"uses with settings":     {func(s pods) pods { return s.Uses(secrets.MaxAttempts(3), secretsOfPod) }, "the source of Uses: its settings would have no effect"},
		"uses while it goes":     {func(s pods) pods { return s.IsDeleted().Uses(kind.Secret, secretsOfPod) }, "Uses wakes objects that exist"},
		"triggered by nothing":   {func(s pods) pods { return s.TriggeredBy() }, "TriggeredBy() without arguments"},
		"triggered by zero":      {func(s pods) pods { return s.TriggeredBy(capability.Mapped(kind.Node, podsOfNode), mapped{}) }, "TriggeredBy: trigger number 2 is a zero value"},
		"mapped of nil":          {func(s pods) pods { return s.TriggeredBy(capability.Mapped(nil, podsOfNode)) }, "Mapped(nil, ...): there is nothing to watch"},
		"mapped without names":   {func(s pods) pods { return s.TriggeredBy(capability.Mapped[*corev1.Node](kind.Node, nil)) }, "Mapped(..., nil): nobody names"},
		"mapped of a zero kind":  {func(s pods) pods { return s.TriggeredBy(capability.Mapped(kind.Kind[*corev1.Node]{}, podsOfNode)) }, "the source of Mapped: the kind is a zero value"},
		"mapped of a wrong scope": {func(s pods) pods {
			return s.TriggeredBy(capability.Mapped(capability.When(kind.Node).InNamespace("a"), podsOfNode))
		}, "the source of Mapped: InNamespace does not fit Node"},
		"mapped while it goes": {func(s pods) pods { return s.IsDeleted().TriggeredBy(capability.Mapped(kind.Node, podsOfNode)) }, "TriggeredBy wakes objects that exist"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			oneMistake(t, tt.want, func() (capability.Binding, string) {
				return tt.in(capability.When(kind.Pod)).Reconcile(onPod), thisLine()
			})
		})
	}
}

func TestTriggersOfWatch(t *testing.T) {
	for step, in := range map[string]func(pods) pods{
		"Owns":        func(s pods) pods { return s.Owns(kind.Secret) },
		"Uses":        func(s pods) pods { return s.Uses(kind.Secret, secretsOfPod) },
		"TriggeredBy": func(s pods) pods { return s.TriggeredBy(capability.Mapped(kind.Node, podsOfNode)) },
	} {
		t.Run(step, func(t *testing.T) {
			oneMistake(t, step+" does not fit Watch", func() (capability.Binding, string) {
				return in(capability.When(kind.Pod)).Watch(onPod), thisLine()
			})
		})
	}
}

// Each of these is one mistake of a binding of pods with a finalizer.
func TestWrongFinalizers(t *testing.T) {
	same := func(s pods) pods { return s }
	tests := map[string]struct {
		in        func(pods) pods
		finalizer string
		want      string
	}{
		"no name":       {same, "", `Finalize(""): no valid name: `},
		"no domain":     {same, "cleanup", `Finalize("cleanup"): the API server wants a domain`},
		"empty domain":  {same, "/cleanup", `Finalize("/cleanup"): no valid name: `},
		"two slashes":   {same, "a.com/b/c", `Finalize("a.com/b/c"): no valid name: `},
		"bad character": {same, "a.com/clean up", `Finalize("a.com/clean up"): no valid name: `},
		"long name":     {same, "a.com/" + strings.Repeat("a", 64), "no valid name: "},
		"deleting":      {func(s pods) pods { return s.WithDeletionTimestamp() }, someFinalizer, "WithDeletionTimestamp does not fit Finalize"},
		"leaving":       {func(s pods) pods { return s.IsCreatedOrUpdated().HasLeft() }, someFinalizer, "HasLeft does not fit Finalize"},
		"a field":       {func(s pods) pods { return s.WithField("spec.nodeName", "n") }, someFinalizer, `WithField("spec.nodeName") does not fit Finalize`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			oneMistake(t, tt.want, func() (capability.Binding, string) {
				return tt.in(capability.When(kind.Pod)).Reconcile(onPod).Finalize(tt.finalizer, onPod), thisLine()
			})
		})
	}
	t.Run("nothing to call", func(t *testing.T) {
		oneMistake(t, `Finalize("`+someFinalizer+`", nil): there is nothing to call`, func() (capability.Binding, string) {
			return capability.When(kind.Pod).Reconcile(onPod).Finalize(someFinalizer, nil), thisLine()
		})
	})
}

// Of a zero value there is nothing to finalize, which is told as the zero value that it is.
func TestFinalizeOfAZeroValue(t *testing.T) {
	b := capability.Reconciler[*corev1.Pod]{}.Finalize(someFinalizer, func(context.Context, capability.Event[*corev1.Pod]) error { return nil })
	ms := mistakesOf(t, compile.Options{}, capability.New("test", b))
	if len(ms) != 1 || !strings.Contains(ms[0].Problem, "is nil or a zero value") {
		t.Errorf("got %v", ms)
	}
}

// oneMistake fails unless the binding, which is declared on the line that is given with it, has this one mistake.
func oneMistake(t *testing.T, want string, declare func() (capability.Binding, string)) {
	t.Helper()
	b, at := declare()
	ms := mistakesOf(t, compile.Options{}, capability.New("test", b))
	if len(ms) != 1 {
		t.Fatalf("got %d mistakes, want 1: %v", len(ms), ms)
	}
	m := ms[0]
	if !strings.Contains(m.Problem, want) || strings.Contains(m.Error(), "\n") {
		t.Errorf("got  %s\nwant %s", m.Problem, want)
	}
	if m.Location != at || m.Capability != "test" || m.Binding != "pods" || m.Remedy == "" {
		t.Errorf("got %+v, want it at %s, of test and pods, with a remedy", m, at)
	}
}
