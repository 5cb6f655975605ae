package runtime

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/environment"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/plan"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/rights"
)

// drawSelection draws from few words, so that selections overlap.
func drawSelection[T kind.Object](t *rapid.T, k kind.Kind[T]) capability.Selection[T] {
	s := capability.When(k)
	if k.Resource().Namespaced {
		if ns := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 2, rapid.ID).Draw(t, "namespaces"); len(ns) > 0 {
			s = s.InNamespace(ns...)
		}
		if rapid.Bool().Draw(t, "wide") {
			s = s.Wide()
		}
	}
	if names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"n", "m"}), 0, 2, rapid.ID).Draw(t, "names"); len(names) > 0 {
		s = s.WithName(names...)
	}
	if rapid.Bool().Draw(t, "label") {
		s = s.WithLabel("x")
	}
	return s
}

// drawBinding draws a Reconcile with all that adds rights.
func drawBinding[T kind.Object](t *rapid.T, i int, k kind.Kind[T], ignore capability.Handler[T]) capability.Binding {
	s := drawSelection(t, k).Alias(fmt.Sprintf("b%d", i)).IsCreatedOrUpdated()
	if rapid.Bool().Draw(t, "deleted") {
		s = s.IsDeleted()
	}
	if rapid.Bool().Draw(t, "owns") && k.Resource().Namespaced {
		s = s.Owns(kind.Pod)
	}
	if rapid.Bool().Draw(t, "mapped") {
		s = s.TriggeredBy(capability.Mapped(drawSelection(t, kind.Secret), noNames))
	}
	r := s.Reconcile(ignore)
	if rapid.Bool().Draw(t, "finalize") {
		return r.Finalize(fmt.Sprintf("example.com/f%d", i), ignore)
	}
	return r
}

func drawProgram(t *rapid.T) Options {
	var all []capability.Binding
	for i := range rapid.IntRange(1, 4).Draw(t, "bindings") {
		if rapid.Bool().Draw(t, "cluster-scoped") {
			all = append(all, drawBinding(t, i, kind.Namespace, ignoreNamespace))
		} else {
			all = append(all, drawBinding(t, i, kind.ConfigMap, ignoreMap))
		}
	}
	return oneCapability(all...)
}

// Whatever is declared: each stream of the plan, and each that a binding would have alone, may be opened; all needs are
// met; and no verb of any rule could be left out.
func TestRBACIsEnoughAndLeast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawProgram(t)
		r, err := RBACFor(o, RBACOptions{ServiceAccount: someAccount, Lease: types.NamespacedName{Namespace: "a", Name: "lock"}})
		if err != nil {
			t.Fatal(err)
		}
		e, err := environment.New(environment.WithoutCluster(), o.withDefaults().Logger)
		if err != nil {
			t.Fatal(err)
		}
		compiled, err := declared(o, e.Env)
		if err != nil {
			t.Fatal(err)
		}
		p := plan.New(compiled)
		var attempts []attempt
		for _, b := range compiled {
			for _, s := range p.StreamsOf(b) {
				attempts = append(attempts, attemptOf(t, s, "list"), attemptOf(t, s, "watch"))
			}
			targets := slices.Clone(b.Targets)
			for _, trigger := range b.Triggers {
				targets = append(targets, trigger.Source.Targets...)
			}
			for _, target := range targets {
				attempts = append(attempts, attemptOf(t, target.String(), "list"), attemptOf(t, target.String(), "watch"))
			}
		}
		for _, n := range append(rights.Needed(p), rights.ForLease(types.NamespacedName{Namespace: "a", Name: "lock"})...) {
			for _, verb := range n.Verbs {
				attempts = append(attempts, attempt{verb, n.Namespace, n.Group, n.Resource, n.Name})
			}
		}
		for _, a := range attempts {
			if !allowed(r.Objects(), a) {
				t.Fatalf("%+v is not allowed by %q", a, summary(r))
			}
		}
		least(t, r, attempts)
	})
}

// least takes each verb away in turn.
func least(t *rapid.T, r *RBAC, attempts []attempt) {
	for _, one := range r.of.Roles {
		for i := range one.Rules {
			verbs := one.Rules[i].Verbs
			for j := range verbs {
				one.Rules[i].Verbs = slices.Delete(slices.Clone(verbs), j, j+1)
				objects := r.Objects()
				if !slices.ContainsFunc(attempts, func(a attempt) bool { return !allowed(objects, a) }) {
					t.Fatalf("%s of rule %d in %q could be left out of %q", verbs[j], i, one.Namespace, summary(r))
				}
			}
			one.Rules[i].Verbs = verbs
		}
	}
}

// The same declarations print the same, however maps are walked.
func TestRBACIsDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawProgram(t)
		var first []byte
		for range 3 {
			r, err := RBACFor(o, RBACOptions{ServiceAccount: someAccount})
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := r.WriteYAML(&b); err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = b.Bytes()
			}
			if !bytes.Equal(first, b.Bytes()) {
				t.Fatalf("%s\nand then\n%s", first, b.Bytes())
			}
		}
	})
}
