package runtime

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/cli"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/plan"
)

// EmbeddedServer is an API server within the process, reached by a port on the loopback interface.
type EmbeddedServer interface {
	// Register makes the server serve these kinds, in addition to the built-in ones. A kind that it already serves is
	// unchanged.
	Register(kinds ...kind.Any)
	// Config is a client configuration for the port.
	Config() *rest.Config
	// Kubeconfig is the text of a kubeconfig for the port.
	Kubeconfig() []byte
	// Close ends all requests and closes the port.
	Close() error
}

// runEmbedded runs the program against an API server of its own. The kubeconfig that it writes leads others there, for as long as the
// program runs.
func (p Program) runEmbedded(f cli.Flags, o Options, stdout, stderr io.Writer) int {
	server, err := p.Embedded()
	if err != nil {
		return fail(stderr, ExitFailed, fmt.Errorf("--embedded: %w", err))
	}
	defer func() {
		if err := server.Close(); err != nil {
			o.Logger.Error(err, "the API server in memory did not end in good order")
		}
	}()
	return serve(f, server.Config(), o, stderr, func(r *Runtime) (func(), error) {
		for _, c := range plan.Watching(r.plan.Bindings) {
			server.Register(known(c.Resource))
		}
		file, err := cli.WriteKubeconfig(f.Embedded, server.Kubeconfig())
		if err != nil {
			return nil, fmt.Errorf("--embedded: %w", err)
		}
		o.Logger.Info("an API server in memory is running", "address", server.Config().Host, "kubeconfig", file.Path)
		_, _ = io.WriteString(stdout, invitation(file.Path, r.plan)) // the log says the same
		return func() {
			if err := file.Remove(); err != nil {
				o.Logger.Error(err, "the kubeconfig of the API server in memory is left behind", "kubeconfig", file.Path)
			}
		}, nil
	})
}

// known stands for a kind of which the resource is known, and nothing else asked.
type known kind.Resource

// Resource implements kind.Any.
func (r known) Resource() kind.Resource { return kind.Resource(r) }

// invitation says how to try the program out. The namespaces that its bindings name are those that are missing on a new
// server, but for "default".
func invitation(kubeconfig string, p *plan.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "An API server in memory runs for as long as this program does. In another terminal:\n\n  export KUBECONFIG=%s\n", quoted(kubeconfig))
	var namespaces, resources []string
	for _, c := range p.Bindings {
		resources = append(resources, c.Resource.String())
		for _, t := range c.Targets {
			namespaces = append(namespaces, t.Namespace)
		}
	}
	for _, ns := range distinct(namespaces) {
		if ns != "" && ns != "default" && !strings.HasPrefix(ns, "kube-") {
			fmt.Fprintf(&b, "  kubectl create namespace %s\n", ns)
		}
	}
	fmt.Fprintf(&b, "  kubectl get %s --all-namespaces\n\n", strings.Join(distinct(resources), ","))
	return b.String()
}

func distinct(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
