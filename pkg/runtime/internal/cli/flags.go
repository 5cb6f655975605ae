package cli

import (
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/logs"
)

// Output formats of --plan; JSON also of --rbac.
const (
	outputTable = "table"
	OutputJSON  = "json"
)

// Flags are the command line of the program that Main makes.
type Flags struct {
	Only       []string
	kubeconfig string
	context    string
	server     string
	Plan       bool
	RBAC       bool
	account    string
	Output     string
	Namespace  string
	HTTP       string
	Admin      string
	LogLevel   string
	LogFormat  string
	Grace      time.Duration
	Audit      time.Duration
	CBOR       bool
	Record     string
	Secrets    bool
	Elect      bool
	lease      replicas.LeaderElection
	Release    bool
	Policies   bool
	DryRun     bool
	Force      bool
	Check      bool
	Within     time.Duration // for --check
	Embedded   string        // the kubeconfig of the embedded API server; empty: none
}

// Parse reads the arguments; help asks for no more than the text that was printed. A program that is not embeddable
// has no embedded API server.
func Parse(name string, args []string, stderr io.Writer, embeddable bool) (f Flags, help bool, err error) {
	set := pflag.NewFlagSet(name, pflag.ContinueOnError)
	set.SetOutput(stderr)
	set.SortFlags = false
	set.Usage = func() {
		_, _ = fmt.Fprintf(stderr, "Usage: %s [flags]\n\nRuns this program's capabilities against a Kubernetes API server. In a cluster no flag is needed.\n\n%s",
			filepath.Base(name), set.FlagUsages())
	}
	set.StringSliceVar(&f.Only, "only", nil, "run only these capabilities, by `name`; may be repeated")
	set.StringVar(&f.kubeconfig, "kubeconfig", "", "`file` to read the cluster from (default: KUBECONFIG, ~/.kube/config, then the Pod's service account)")
	set.StringVar(&f.context, "context", "", "`name` of the kubeconfig's context")
	set.StringVar(&f.server, "server", "", "bare `URL` of an API server, such as kubectl proxy's http://127.0.0.1:8001; no kubeconfig is read")
	if embeddable {
		set.StringVar(&f.Embedded, "embedded", "", "run against an API server in memory, to try things out: no cluster is needed, and kubectl finds it by the kubeconfig `file`")
		set.Lookup("embedded").NoOptDefVal = DefaultEmbeddedKubeconfig
	}
	set.BoolVar(&f.Plan, "plan", false, "print which requests the program would keep open, and exit; needs no cluster")
	f.addRBAC(set)
	set.BoolVar(&f.Check, "check", false, "check the declarations, whether the API server serves what the program watches, and its permissions, and exit: 0 all is well, 1 something is missing, 2 a declaration is wrong; writes nothing")
	set.DurationVar(&f.Within, "check-timeout", DefaultCheckTimeout, "how long --check may take")
	set.StringVarP(&f.Output, "output", "o", "", "`format` of --plan and --check: table (default) or json; of --rbac: yaml (default) or json")
	f.addFinalizers(set)
	set.StringVar(&f.Namespace, "namespace", "", "confine the program to one `namespace`: bindings that name none watch only there")
	set.StringVar(&f.HTTP, "http", DefaultHTTPAddress, "`address` for /healthz and /readyz; empty: none")
	set.StringVar(&f.Admin, "admin", DefaultAdminAddress, "`address` for /metrics, /debug and profiles, without authentication; empty: none")
	set.StringVar(&f.LogLevel, "log-level", "info", "`level`: debug, info, error, or a number from 0 to 7")
	set.StringVar(&f.LogFormat, "log-format", logs.Auto, "`format`: json, text, or auto: text on a terminal, json elsewhere")
	set.DurationVar(&f.Audit, "audit", 0, "compare every stream with a list this `often`, and deliver what the API server lost; 0: never")
	set.DurationVar(&f.Grace, "grace-period", DefaultGracePeriod, "how long running callbacks may go on after SIGTERM")
	set.BoolVar(&f.CBOR, "cbor", false, "ask for CBOR instead of JSON (alpha in Kubernetes); a server without it answers in JSON")
	set.StringVar(&f.Record, "record", "", "write what the API server answers to this `file`, for tests to replay; it holds objects in full, but for Secrets")
	set.BoolVar(&f.Secrets, "record-secrets", false, "have --record write Secrets, too")
	f.addLeaderElection(set)
	if err := set.Parse(args); err != nil {
		if err == pflag.ErrHelp { //nolint:errorlint // pflag returns it bare
			return f, true, nil
		}
		return f, false, fmt.Errorf("%w; --help lists the flags", err)
	}
	err = f.validate(set)
	return f, false, err
}

// validate looks at what the flags say together.
func (f *Flags) validate(set *pflag.FlagSet) error {
	switch {
	case set.NArg() == 1 && f.Embedded != "":
		return fmt.Errorf("unexpected argument %q: is it the file for --embedded? Write --embedded=%[1]s", set.Arg(0))
	case set.NArg() > 0:
		return fmt.Errorf("unexpected argument %q: the program takes flags only, see --help", strings.Join(set.Args(), " "))
	case f.Check && f.Embedded != "":
		return errors.New("--check: does not go with --embedded, which allows everything")
	case f.Within <= 0:
		return fmt.Errorf("--check-timeout %s: has to be above zero", f.Within)
	case set.Changed("check-timeout") && !f.Check:
		return errors.New("--check-timeout: goes with --check")
	case f.Secrets && f.Record == "":
		return errors.New("--record-secrets: goes with --record FILE")
	}
	if err := f.checkFinalizers(); err != nil {
		return err
	}
	if err := f.checkValues(set); err != nil {
		return err
	}
	if err := f.checkOutput(); err != nil {
		return err
	}
	if err := f.checkLeaseFlags(set); err != nil {
		return err
	}
	if f.Grace == 0 {
		f.Grace = -1 // asked for: no grace at all
	}
	return f.checkServer(set)
}

// checkValues looks at what single flags say.
func (f *Flags) checkValues(set *pflag.FlagSet) error {
	switch {
	case set.Changed("record") && f.Record == "":
		return errors.New("--record=: name the file that it shall write, or leave the flag out")
	case f.Audit < 0:
		return fmt.Errorf("--audit %s: give a positive duration, such as 1h, or 0 for never", f.Audit)
	case f.Grace < 0:
		return fmt.Errorf("--grace-period %s: give 0 or more; 0 cancels running callbacks at once", f.Grace)
	}
	for name, address := range map[string]string{"--http": f.HTTP, "--admin": f.Admin} {
		if _, _, err := net.SplitHostPort(address); err != nil && address != "" {
			return fmt.Errorf("%s %q: give an address with a port, such as :8080 or 127.0.0.1:8080, or \"\" for none", name, address)
		}
	}
	return nil
}

// checkServer looks for API servers that are named twice.
func (f *Flags) checkServer(set *pflag.FlagSet) error {
	switch {
	case f.server != "" && (f.kubeconfig != "" || f.context != ""):
		return fmt.Errorf("--server %s: does not go with --kubeconfig or --context, which name a server too", f.server)
	case set.Changed("embedded") && f.Embedded == "":
		return errors.New("--embedded=: name the kubeconfig file that it shall write, or leave out the equals sign")
	case f.Embedded != "" && (f.kubeconfig != "" || f.context != "" || f.server != ""):
		return errors.New("--embedded: does not go with --kubeconfig, --context or --server, which name another API server")
	case f.Embedded != "" && f.Plan:
		return errors.New("--embedded: does not go with --plan, which needs no API server")
	}
	return nil
}
