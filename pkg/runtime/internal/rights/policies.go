package rights

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/plan"
)

// policyAPI is what the API server has to serve for --policies: Kubernetes 1.36 and later do.
var policyAPI = admissionv1.SchemeGroupVersion.String()

// ErrNoFinalizer is about a program without finalizers.
var ErrNoFinalizer = errors.New("no binding of this program has a finalizer")

// longestPolicyName is how long the name of an object may be.
const longestPolicyName = 253

// Policies are admission policies by which the API server itself adds the finalizers of a program when objects are created, so that no deletion
// comes before the finalizer.
type Policies struct {
	all     []policy
	skipped []string // why there is no policy for some bindings
}

// policy is that of one binding.
type policy struct {
	who     string
	policy  *admissionv1.MutatingAdmissionPolicy
	binding *admissionv1.MutatingAdmissionPolicyBinding
}

// NewPolicies returns the policies for a program of that name.
func NewPolicies(p *plan.Plan, program string) (*Policies, error) {
	out, some := &Policies{}, false
	for _, c := range p.Bindings {
		if c.Finalizer == "" {
			continue
		}
		some = true
		who := c.Capability + "/" + c.Binding
		if gap := c.Admission.Gap; gap != "" {
			out.skipped = append(out.skipped, fmt.Sprintf("%s: no policy, since the API server cannot evaluate its %s and would add the finalizer to other objects as well", who, gap))
			continue
		}
		out.all = append(out.all, newPolicy(c, policyName(program, c), who))
	}
	if !some {
		return nil, ErrNoFinalizer
	}
	return out, nil
}

func newPolicy(c *compile.Compiled, name, who string) policy {
	scope := admissionv1.ClusterScope
	if c.Resource.Namespaced {
		scope = admissionv1.NamespacedScope
	}
	ignore := admissionv1.Ignore
	p := &admissionv1.MutatingAdmissionPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: policyAPI, Kind: "MutatingAdmissionPolicy"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionv1.MutatingAdmissionPolicySpec{
			FailurePolicy:      &ignore, // the program adds the finalizer then
			ReinvocationPolicy: admissionv1.IfNeededReinvocationPolicy,
			MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{
				RuleWithOperations: admissionv1.RuleWithOperations{
					Operations: []admissionv1.OperationType{admissionv1.Create},
					Rule: admissionv1.Rule{
						APIGroups: []string{c.Resource.Group}, APIVersions: []string{c.Resource.Version},
						Resources: []string{c.Resource.Plural}, Scope: &scope,
					},
				},
			}}},
			Mutations: []admissionv1.Mutation{{
				PatchType: admissionv1.PatchTypeJSONPatch,
				JSONPatch: &admissionv1.JSONPatch{Expression: fmt.Sprintf("has(object.metadata.finalizers)\n"+
					"? [JSONPatch{op: 'add', path: '/metadata/finalizers/-', value: '%[1]s'}]\n"+
					": [JSONPatch{op: 'add', path: '/metadata/finalizers', value: ['%[1]s']}]\n", c.Finalizer)},
			}},
			MatchConditions: []admissionv1.MatchCondition{
				{Name: "without", Expression: fmt.Sprintf("!has(object.metadata.deletionTimestamp) && !('%s' in object.metadata.?finalizers.orValue([]))", c.Finalizer)},
			},
		},
	}
	for _, m := range c.Admission.Conditions {
		p.Spec.MatchConditions = append(p.Spec.MatchConditions, admissionv1.MatchCondition{Name: m.Name, Expression: m.Expression})
	}
	b := &admissionv1.MutatingAdmissionPolicyBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: policyAPI, Kind: "MutatingAdmissionPolicyBinding"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       admissionv1.MutatingAdmissionPolicyBindingSpec{PolicyName: name},
	}
	return policy{who: who, policy: p, binding: b}
}

var notInNames = regexp.MustCompile(`[^a-z0-9.-]+`)

// policyName is that of both objects, in the cluster.
func policyName(program string, c *compile.Compiled) string {
	name := strings.ToLower(fmt.Sprintf("%s.%s.%s.finalizer", filepath.Base(program), c.Capability, c.Binding))
	name = strings.Trim(notInNames.ReplaceAllString(name, "-"), ".-")
	return name[:min(len(name), longestPolicyName)]
}

// Objects returns each policy, followed by its binding.
func (p *Policies) Objects() []client.Object {
	var out []client.Object
	for _, one := range p.all {
		out = append(out, one.policy, one.binding)
	}
	return out
}

// Skips say why some bindings have no policy.
func (p *Policies) Skips() []string { return p.skipped }

// WriteYAML prints the policies as documents for kubectl apply.
func (p *Policies) WriteYAML(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString("# The API server adds the finalizers of this program when objects are created (" + policyAPI + ", Kubernetes 1.36 and later),\n" +
		"# so that no deletion comes before them. Who applies this needs the verbs create and patch on mutatingadmissionpolicies and\n" +
		"# mutatingadmissionpolicybindings; the program needs no more rights. Delete the policies before --release-finalizers.\n")
	for _, why := range p.skipped {
		b.WriteString("# " + why + "\n")
	}
	for _, one := range p.all {
		b.WriteString("# " + one.who + "\n")
		for _, o := range []client.Object{one.policy, one.binding} {
			if err := writeDocument(&b, o); err != nil {
				return err
			}
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}
