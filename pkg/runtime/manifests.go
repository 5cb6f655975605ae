package runtime

import (
	"io"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/environment"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/plan"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/rights"
)

// RBACOptions say for whom rights are.
type RBACOptions struct {
	// ServiceAccount is who gets the rights, as which the program runs. The roles have its name. It is needed.
	ServiceAccount types.NamespacedName
	// Lease is the one of leader election, where replicas elect a leader. Default: no right on Leases.
	Lease types.NamespacedName
}

// RBAC is the least that a ServiceAccount has to be allowed for a program to run: what its streams list and watch, and
// what the runtime reads and writes by itself. What callbacks do with Env.Client is not known, and not part of it.
type RBAC struct{ of *rights.RBAC }

// Objects returns a ClusterRole, if there is need of one, and a Role in each namespace, each followed by what binds it to
// the ServiceAccount.
func (r *RBAC) Objects() []client.Object { return r.of.Objects() }

// WriteYAML prints the rights as documents for kubectl apply. Comments say what each rule is for.
func (r *RBAC) WriteYAML(w io.Writer) error { return r.of.WriteYAML(w) }

// WriteJSON prints the rights for programs: a List, which kubectl apply takes as well.
func (r *RBAC) WriteJSON(w io.Writer) error { return r.of.WriteJSON(w) }

// Policies are admission policies by which the API server itself adds the finalizers of a program when objects are created, so that no deletion
// comes before the finalizer.
type Policies struct{ of *rights.Policies }

// Objects returns each policy, followed by its binding.
func (p *Policies) Objects() []client.Object { return p.of.Objects() }

// WriteYAML prints the policies as documents for kubectl apply.
func (p *Policies) WriteYAML(w io.Writer) error { return p.of.WriteYAML(w) }

// RBACFor returns the least rights that a program with these options needs. Like PlanFor it needs no cluster, and its
// error lists every wrong declaration.
func RBACFor(o Options, r RBACOptions) (*RBAC, error) {
	who := rights.Options(r)
	if err := who.Check(); err != nil {
		return nil, err
	}
	p, err := planned(o)
	if err != nil {
		return nil, err
	}
	return &RBAC{rights.New(p, who)}, nil
}

// PoliciesFor returns the admission policies for a program of that name with these options. Like PlanFor it needs no cluster, and its
// error lists every wrong declaration. Without a binding with Finalize it is an error.
func PoliciesFor(o Options, program string) (*Policies, error) {
	p, err := planned(o)
	if err != nil {
		return nil, err
	}
	of, err := rights.NewPolicies(p, program)
	if err != nil {
		return nil, err
	}
	return &Policies{of}, nil
}

// PlanFor returns what a program with these options would watch. It needs no cluster: capability functions
// get clients that refuse every request. The error lists every wrong declaration with its file and line.
func PlanFor(o Options) (Plan, error) {
	p, err := planned(o)
	if err != nil {
		return nil, err
	}
	return publicPlan(p), nil
}

// planned is the plan of a program, made without a cluster.
func planned(o Options) (*plan.Plan, error) {
	e, err := environment.New(environment.WithoutCluster(), logr.Discard())
	if err != nil {
		return nil, err
	}
	compiled, err := declared(o, e.Env)
	if err != nil {
		return nil, err
	}
	return plan.New(compiled), nil
}
