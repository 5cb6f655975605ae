package runtime

import (
	"fmt"
	"io"
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
