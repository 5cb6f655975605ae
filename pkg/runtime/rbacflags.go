package runtime

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// outputYAML is the format of --rbac.
const outputYAML = "yaml"

// addRBAC adds the flags of --rbac.
func (f *flags) addRBAC(set *pflag.FlagSet) {
	set.BoolVar(&f.rbac, "rbac", false, "print the least RBAC roles that the program needs, with the other flags that are given, and exit; needs no cluster")
	set.StringVar(&f.account, "service-account", "", "`namespace/name` of the ServiceAccount that --rbac binds the roles to (default: --namespace or \"default\", and the program's name)")
}

// printed is the flag that has something printed instead of running the program, and the formats for it, the default first;
// empty: the program runs.
func (f *flags) printed() (flag string, formats []string) {
	switch {
	case f.rbac:
		return "--rbac", []string{outputYAML, outputJSON}
	case f.check:
		return "--check", []string{outputTable, outputJSON}
	case f.plan:
		return "--plan", []string{outputTable, outputJSON}
	}
	return "", nil
}

// checkOutput looks at what is printed instead of running, and completes the format.
func (f *flags) checkOutput() error {
	what, formats := f.printed()
	switch {
	case f.plan && f.rbac:
		return errors.New("--plan and --rbac: choose one, each prints something else")
	case f.check && (f.plan || f.rbac):
		return errors.New("--check: does not go with --plan and --rbac, choose one: each prints something else")
	case f.output != "" && what == "":
		return fmt.Errorf("-o %s: goes with --plan, --rbac or --check", f.output)
	case f.output != "" && !slices.Contains(formats, f.output):
		return fmt.Errorf("-o %s: choose %s with %s", f.output, strings.Join(formats, " or "), what)
	case f.record != "" && (f.plan || f.rbac):
		return fmt.Errorf("--record %s: does not go with %s, which asks no API server", f.record, what)
	case f.record != "" && f.check:
		return fmt.Errorf("--record %s: does not go with --check, which writes nothing", f.record)
	}
	if f.output == "" && what != "" {
		f.output = formats[0]
	}
	return f.checkAccount()
}

// checkAccount looks at the account that --rbac is for.
func (f *flags) checkAccount() error {
	switch {
	case f.account != "" && !f.rbac:
		return fmt.Errorf("--service-account %s: goes with --rbac", f.account)
	case f.account != "" && strings.Count(f.account, "/") != 1:
		return fmt.Errorf("--service-account %s: give namespace/name", f.account)
	}
	return nil
}

// rbacOptions are what the flags ask for, in a program of that name.
func (f *flags) rbacOptions(program string) RBACOptions {
	r := RBACOptions{ServiceAccount: types.NamespacedName{Namespace: metav1.NamespaceDefault, Name: filepath.Base(program)}}
	if f.namespace != "" {
		r.ServiceAccount.Namespace = f.namespace
	}
	if namespace, name, given := strings.Cut(f.account, "/"); given {
		r.ServiceAccount = types.NamespacedName{Namespace: namespace, Name: name}
	}
	if f.elect { // the Pod's namespace is its ServiceAccount's
		l := f.leaderElection(program)
		r.Lease = types.NamespacedName{Namespace: cmp.Or(l.Namespace, r.ServiceAccount.Namespace), Name: l.Name}
	}
	return r
}

func printRBAC(f flags, program string, o Options, stdout, stderr io.Writer) int {
	r, err := RBACFor(o, f.rbacOptions(program))
	if err != nil {
		return fail(stderr, ExitDeclared, err)
	}
	write := r.WriteYAML
	if f.output == outputJSON {
		write = r.WriteJSON
	}
	if err := write(stdout); err != nil {
		return fail(stderr, ExitFailed, err)
	}
	return ExitStopped
}
