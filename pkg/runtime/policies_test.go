package runtime

import (
	"bytes"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// The policies name the kind, the finalizer and every condition of the selection; a binding that only Go can decide on has none.
func TestPolicies(t *testing.T) {
	ignore := func(s capability.Selection[*corev1.ConfigMap], finalizer string) capability.Binding {
		return s.Reconcile(ignoreMap).Finalize(finalizer, ignoreMap)
	}
	p, err := PoliciesFor(oneCapability(
		ignore(capability.When(kind.ConfigMap).Alias("a").InNamespace("b", "a").WithLabels("tier in (x),!old,n<9,z!=it"), "example.com/a"),
		ignore(capability.When(kind.ConfigMap).Alias("where").Where(func(*corev1.ConfigMap) bool { return true }), "example.com/b"),
		capability.When(kind.ConfigMap).Alias("plain").Reconcile(ignoreMap),
	), "/usr/bin/Program")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.WriteYAML(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	first, ok := p.Objects()[0].(*admissionv1.MutatingAdmissionPolicy)
	if !ok {
		t.Fatalf("the first object is a %T", p.Objects()[0])
	}
	for _, m := range first.Spec.MatchConditions {
		text += "\n" + m.Expression
	}
	for _, want := range []string{
		"apiVersion: admissionregistration.k8s.io/v1\n", "kind: MutatingAdmissionPolicyBinding\n", "- CREATE\n", "- configmaps\n", "scope: Namespaced\n",
		"request.namespace in ['a', 'b']", "object.metadata.?labels[?'tier']", "!object.metadata.?labels[?'old'].hasValue()",
		"int(object.metadata.?labels[?'n'].orValue('')) < 9", "in ['it'])", "'example.com/a' in object.metadata", "!has(object.metadata.deletionTimestamp)",
		"# c/where: no policy, since the API server cannot evaluate its Where",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if n := len(p.Objects()); n != 2 || strings.Contains(b.String(), "example.com/b") || t.Failed() {
		t.Errorf("%d objects:\n%s", n, b.String())
	}
	if _, err := PoliciesFor(oneCapability(capability.When(kind.ConfigMap).Reconcile(ignoreMap)), "p"); err == nil {
		t.Error("policies without a finalizer")
	}
}
