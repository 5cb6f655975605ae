package cli

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/rights"
)

// outputYAML is the format of --rbac.
const outputYAML = "yaml"

// addRBAC adds the flags of --rbac.
func (f *Flags) addRBAC(set *pflag.FlagSet) {
	set.BoolVar(&f.RBAC, "rbac", false, "print the least RBAC roles that the program needs, with the other flags that are given, and exit; needs no cluster")
	set.StringVar(&f.account, "service-account", "", "`namespace/name` of the ServiceAccount that --rbac binds the roles to (default: --namespace or \"default\", and the program's name)")
}

// printed is the flag that has something printed instead of running the program, and the formats for it, the default first;
// empty: the program runs.
func (f *Flags) printed() (flag string, formats []string) {
	switch {
	case f.RBAC:
		return "--rbac", []string{outputYAML, OutputJSON}
	case f.Check:
		return "--check", []string{outputTable, OutputJSON}
	case f.Plan:
		return "--plan", []string{outputTable, OutputJSON}
	}
	return "", nil
}

// checkOutput looks at what is printed instead of running, and completes the format.
func (f *Flags) checkOutput() error {
	what, formats := f.printed()
	switch {
	case f.Plan && f.RBAC:
		return errors.New("--plan and --rbac: choose one, each prints something else")
	case f.Check && (f.Plan || f.RBAC):
		return errors.New("--check: does not go with --plan and --rbac, choose one: each prints something else")
	case f.Output != "" && what == "":
		return fmt.Errorf("-o %s: goes with --plan, --rbac or --check", f.Output)
	case f.Output != "" && !slices.Contains(formats, f.Output):
		return fmt.Errorf("-o %s: choose %s with %s", f.Output, strings.Join(formats, " or "), what)
	case f.Record != "" && (f.Plan || f.RBAC):
		return fmt.Errorf("--record %s: does not go with %s, which asks no API server", f.Record, what)
	case f.Record != "" && f.Check:
		return fmt.Errorf("--record %s: does not go with --check, which writes nothing", f.Record)
	}
	if f.Output == "" && what != "" {
		f.Output = formats[0]
	}
	return f.checkAccount()
}

// checkAccount looks at the account that --rbac is for.
func (f *Flags) checkAccount() error {
	switch {
	case f.account != "" && !f.RBAC:
		return fmt.Errorf("--service-account %s: goes with --rbac", f.account)
	case f.account != "" && strings.Count(f.account, "/") != 1:
		return fmt.Errorf("--service-account %s: give namespace/name", f.account)
	}
	return nil
}

// RightsFor are what the flags ask for, in a program of that name.
func (f *Flags) RightsFor(program string) rights.Options {
	r := rights.Options{ServiceAccount: types.NamespacedName{Namespace: metav1.NamespaceDefault, Name: filepath.Base(program)}}
	if f.Namespace != "" {
		r.ServiceAccount.Namespace = f.Namespace
	}
	if namespace, name, given := strings.Cut(f.account, "/"); given {
		r.ServiceAccount = types.NamespacedName{Namespace: namespace, Name: name}
	}
	if f.Elect { // the Pod's namespace is its ServiceAccount's
		l := f.LeaderElection(program)
		r.Lease = types.NamespacedName{Namespace: cmp.Or(l.Namespace, r.ServiceAccount.Namespace), Name: l.Name}
	}
	return r
}
