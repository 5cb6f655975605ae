package rights

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/plan"
)

// Options say for whom rights are.
type Options struct {
	// ServiceAccount is who gets the rights, as which the program runs. The roles have its name. It is needed.
	ServiceAccount types.NamespacedName
	// Lease is the one of leader election, where replicas elect a leader. Default: no right on Leases.
	Lease types.NamespacedName
}

// RBAC is the least that a ServiceAccount has to be allowed for a program to run: what its streams list and watch, and
// what the runtime reads and writes by itself. What callbacks do with Env.Client is not known, and not part of it.
type RBAC struct {
	account types.NamespacedName
	Roles   []role // sorted by namespace
}

// role is what is allowed in one namespace; the empty one is the cluster.
type role struct {
	Namespace string
	Rules     []rule
}

// rule is a right, with the reasons for it.
type rule struct {
	rbacv1.PolicyRule
	why []string // sorted
}

// verbOrder is how verbs are printed.
var verbOrder = []string{"get", "list", "watch", "create", "update", "patch"}

// New returns the least rights for a program with that plan. The options have to be checked before.
func New(p *plan.Plan, r Options) *RBAC {
	needs := Needed(p)
	if r.Lease != (types.NamespacedName{}) {
		needs = append(needs, ForLease(r.Lease)...)
	}
	return &RBAC{account: r.ServiceAccount, Roles: rolesFor(needs)}
}

// Check says what is wrong with the names.
func (r *Options) Check() error {
	var wrong []error
	for _, n := range []struct {
		what string
		name types.NamespacedName
	}{{"ServiceAccount", r.ServiceAccount}, {"Lease", r.Lease}} {
		if n.what == "Lease" && n.name == (types.NamespacedName{}) {
			continue
		}
		if bad := validation.IsDNS1123Label(n.name.Namespace); len(bad) > 0 {
			wrong = append(wrong, fmt.Errorf("the namespace %q of the %s: %s", n.name.Namespace, n.what, strings.Join(bad, "; ")))
		}
		if bad := validation.IsDNS1123Subdomain(n.name.Name); len(bad) > 0 {
			wrong = append(wrong, fmt.Errorf("the name %q of the %s: %s", n.name.Name, n.what, strings.Join(bad, "; ")))
		}
	}
	return errors.Join(wrong...)
}

// Objects returns a ClusterRole, if there is need of one, and a Role in each namespace, each followed by what binds it to
// the ServiceAccount.
func (r *RBAC) Objects() []client.Object {
	var out []client.Object
	for _, role := range r.Roles {
		out = append(out, r.role(role), r.binding(role))
	}
	return out
}

// grants are verbs on subjects, with the reasons for each.
type grants map[subject]map[string]map[string]bool

// rolesFor sums needs up: a right that a wider one includes is not given once more.
func rolesFor(needs []Need) []role {
	asked := grants{}
	for _, n := range needs {
		for _, v := range n.Verbs {
			asked.add(n.subject, v, "")
		}
	}
	given := grants{}
	for _, n := range needs {
		for _, v := range n.Verbs {
			given.add(asked.home(n.subject, v), v, n.reason())
		}
	}
	byNamespace := given.rules()
	var out []role
	for _, ns := range slices.Sorted(maps.Keys(byNamespace)) {
		out = append(out, role{ns, byNamespace[ns]})
	}
	return out
}

// reason tells people why: verbs, purpose, and who has it.
func (n *Need) reason() string {
	text := strings.Join(n.Verbs, ", ")
	if n.why != "" {
		text += " " + n.why
	}
	return text + ": " + n.who
}

func (g grants) add(s subject, verb, why string) {
	if g[s] == nil {
		g[s] = map[string]map[string]bool{}
	}
	if g[s][verb] == nil {
		g[s][verb] = map[string]bool{}
	}
	g[s][verb][why] = true
}

// home is the widest subject that the verb is asked for and that holds s.
func (g grants) home(s subject, verb string) subject {
	for _, w := range s.wider() {
		if g[w][verb] != nil {
			return w
		}
	}
	return s
}

// rules are those of each namespace, sorted. Names of one resource with the same verbs share a rule.
func (g grants) rules() map[string][]rule {
	type key struct {
		namespace, group, resource, verbs string
		named                             bool
	}
	found := map[key]*rule{}
	for s, verbs := range g {
		list := slices.SortedFunc(maps.Keys(verbs), func(a, b string) int {
			return cmp.Compare(slices.Index(verbOrder, a), slices.Index(verbOrder, b))
		})
		k := key{s.Namespace, s.Group, s.Resource, strings.Join(list, ","), s.Name != ""}
		r := found[k]
		if r == nil {
			r = &rule{PolicyRule: rbacv1.PolicyRule{APIGroups: []string{s.Group}, Resources: []string{s.Resource}, Verbs: list}}
			found[k] = r
		}
		if s.Name != "" {
			r.ResourceNames = append(r.ResourceNames, s.Name)
		}
		for _, why := range verbs {
			r.why = slices.AppendSeq(r.why, maps.Keys(why))
		}
	}
	out := map[string][]rule{}
	for k, r := range found {
		slices.Sort(r.ResourceNames)
		slices.Sort(r.why)
		r.why = slices.Compact(r.why)
		out[k.namespace] = append(out[k.namespace], *r)
	}
	for _, rules := range out {
		slices.SortFunc(rules, func(a, b rule) int {
			return cmp.Or(cmp.Compare(a.APIGroups[0], b.APIGroups[0]), cmp.Compare(a.Resources[0], b.Resources[0]),
				slices.Compare(a.ResourceNames, b.ResourceNames), slices.Compare(a.Verbs, b.Verbs))
		})
	}
	return out
}

// name is that of the roles. A ClusterRole's is shared with the whole cluster, so it says whose it is.
func (r *RBAC) name(of role) string {
	if of.Namespace == "" {
		return r.account.Namespace + ":" + r.account.Name
	}
	return r.account.Name
}

func (r *RBAC) meta(of role) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: of.Namespace, Name: r.name(of)}
}

func (r *RBAC) role(of role) client.Object {
	var rules []rbacv1.PolicyRule
	for i := range of.Rules {
		rules = append(rules, of.Rules[i].PolicyRule)
	}
	if of.Namespace == "" {
		return &rbacv1.ClusterRole{TypeMeta: typeOf("ClusterRole"), ObjectMeta: r.meta(of), Rules: rules}
	}
	return &rbacv1.Role{TypeMeta: typeOf("Role"), ObjectMeta: r.meta(of), Rules: rules}
}

func (r *RBAC) binding(of role) client.Object {
	to := []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: r.account.Namespace, Name: r.account.Name}}
	ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: r.name(of)}
	if of.Namespace == "" {
		ref.Kind = "ClusterRole"
		return &rbacv1.ClusterRoleBinding{TypeMeta: typeOf("ClusterRoleBinding"), ObjectMeta: r.meta(of), Subjects: to, RoleRef: ref}
	}
	return &rbacv1.RoleBinding{TypeMeta: typeOf("RoleBinding"), ObjectMeta: r.meta(of), Subjects: to, RoleRef: ref}
}

func typeOf(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: kind}
}
