package runtime

import (
	"fmt"
	"io"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/cli"
)

func printPolicies(program string, o Options, stdout, stderr io.Writer) int {
	p, err := PoliciesFor(o, program)
	if err != nil {
		return fail(stderr, ExitDeclared, err)
	}
	for _, why := range p.of.Skips() {
		_, _ = fmt.Fprintf(stderr, "warning: %s\n", why) // there is nowhere else to say it
	}
	if err := p.WriteYAML(stdout); err != nil {
		return fail(stderr, ExitFailed, err)
	}
	return ExitStopped
}

func printPlan(f cli.Flags, o Options, stdout, stderr io.Writer) int {
	p, err := PlanFor(o)
	if err != nil {
		return fail(stderr, ExitDeclared, err)
	}
	write := p.WriteTable
	if f.Output == cli.OutputJSON {
		write = p.WriteJSON
	}
	if err := write(stdout); err != nil {
		return fail(stderr, ExitFailed, err)
	}
	return ExitStopped
}

func printRBAC(f cli.Flags, program string, o Options, stdout, stderr io.Writer) int {
	r, err := RBACFor(o, RBACOptions(f.RightsFor(program)))
	if err != nil {
		return fail(stderr, ExitDeclared, err)
	}
	write := r.WriteYAML
	if f.Output == cli.OutputJSON {
		write = r.WriteJSON
	}
	if err := write(stdout); err != nil {
		return fail(stderr, ExitFailed, err)
	}
	return ExitStopped
}
