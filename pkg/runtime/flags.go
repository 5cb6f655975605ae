package runtime

import (
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/ancho-dev/ancho/pkg/runtime/internal/logs"
)

// Where ancho.Main serves: health for the kubelet, and metrics and debug for this machine.
const (
	DefaultHTTPAddress  = ":8080"
	DefaultAdminAddress = "127.0.0.1:8081"
)

// Output formats of --plan; JSON also of --rbac.
const (
	outputTable = "table"
	outputJSON  = "json"
)

// flags are the command line of the program that Main makes.
type flags struct {
	only       []string
	kubeconfig string
	context    string
	server     string
	plan       bool
	rbac       bool
	account    string
	output     string
	namespace  string
	http       string
	admin      string
	logLevel   string
	logFormat  string
	grace      time.Duration
	audit      time.Duration
	cbor       bool
	record     string
	secrets    bool
	elect      bool
	lease      LeaderElection
	release    bool
	policies   bool
	dryRun     bool
	force      bool
	check      bool
	within     time.Duration // for --check
	embedded   string        // the kubeconfig of the embedded API server; empty: none
}

// parseFlags reads the arguments; help asks for no more than the text that was printed. A program that is not embeddable
// has no API server to bring along.
func parseFlags(name string, args []string, stderr io.Writer, embeddable bool) (f flags, help bool, err error) {
	set := pflag.NewFlagSet(name, pflag.ContinueOnError)
	set.SetOutput(stderr)
	set.SortFlags = false
	set.Usage = func() {
		_, _ = fmt.Fprintf(stderr, "Usage: %s [flags]\n\nRuns this program's capabilities against a Kubernetes API server. In a cluster no flag is needed.\n\n%s",
			filepath.Base(name), set.FlagUsages())
	}
	set.StringSliceVar(&f.only, "only", nil, "run only these capabilities, by `name`; may be repeated")
	set.StringVar(&f.kubeconfig, "kubeconfig", "", "`file` to read the cluster from (default: KUBECONFIG, ~/.kube/config, then the Pod's service account)")
	set.StringVar(&f.context, "context", "", "`name` of the kubeconfig's context")
	set.StringVar(&f.server, "server", "", "bare `URL` of an API server, such as kubectl proxy's http://127.0.0.1:8001; no kubeconfig is read")
	if embeddable {
		set.StringVar(&f.embedded, "embedded", "", "run against an API server in memory, to try things out: no cluster is needed, and kubectl finds it by the kubeconfig `file`")
		set.Lookup("embedded").NoOptDefVal = DefaultEmbeddedKubeconfig
	}
	set.BoolVar(&f.plan, "plan", false, "print which requests the program would keep open, and exit; needs no cluster")
	f.addRBAC(set)
	set.BoolVar(&f.check, "check", false, "check the declarations, whether the API server serves what the program watches, and its permissions, and exit: 0 all is well, 1 something is missing, 2 a declaration is wrong; writes nothing")
	set.DurationVar(&f.within, "check-timeout", DefaultCheckTimeout, "how long --check may take")
	set.StringVarP(&f.output, "output", "o", "", "`format` of --plan and --check: table (default) or json; of --rbac: yaml (default) or json")
	f.addFinalizers(set)
	set.StringVar(&f.namespace, "namespace", "", "confine the program to one `namespace`: bindings that name none watch only there")
	set.StringVar(&f.http, "http", DefaultHTTPAddress, "`address` for /healthz and /readyz; empty: none")
	set.StringVar(&f.admin, "admin", DefaultAdminAddress, "`address` for /metrics, /debug and profiles, without authentication; empty: none")
	set.StringVar(&f.logLevel, "log-level", "info", "`level`: debug, info, error, or a number from 0 to 7")
	set.StringVar(&f.logFormat, "log-format", logs.Auto, "`format`: json, text, or auto: text on a terminal, json elsewhere")
	set.DurationVar(&f.audit, "audit", 0, "compare every stream with a list this `often`, and deliver what the API server lost; 0: never")
	set.DurationVar(&f.grace, "grace-period", DefaultGracePeriod, "how long running callbacks may go on after SIGTERM")
	set.BoolVar(&f.cbor, "cbor", false, "ask for CBOR instead of JSON (alpha in Kubernetes); a server without it answers in JSON")
	set.StringVar(&f.record, "record", "", "write what the API server answers to this `file`, for tests to replay; it holds objects in full, but for Secrets")
	set.BoolVar(&f.secrets, "record-secrets", false, "have --record write Secrets, too")
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
func (f *flags) validate(set *pflag.FlagSet) error {
	switch {
	case set.NArg() == 1 && f.embedded != "":
		return fmt.Errorf("unexpected argument %q: is it the file for --embedded? Write --embedded=%[1]s", set.Arg(0))
	case set.NArg() > 0:
		return fmt.Errorf("unexpected argument %q: the program takes flags only, see --help", strings.Join(set.Args(), " "))
	case f.check && f.embedded != "":
		return errors.New("--check: does not go with --embedded, which allows everything")
	case f.within <= 0:
		return fmt.Errorf("--check-timeout %s: has to be above zero", f.within)
	case set.Changed("check-timeout") && !f.check:
		return errors.New("--check-timeout: goes with --check")
	case f.secrets && f.record == "":
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
	if f.grace == 0 {
		f.grace = -1 // asked for: no grace at all
	}
	return f.checkServer(set)
}

// checkValues looks at what single flags say.
func (f *flags) checkValues(set *pflag.FlagSet) error {
	switch {
	case set.Changed("record") && f.record == "":
		return errors.New("--record=: name the file that it shall write, or leave the flag out")
	case f.audit < 0:
		return fmt.Errorf("--audit %s: give a positive duration, such as 1h, or 0 for never", f.audit)
	case f.grace < 0:
		return fmt.Errorf("--grace-period %s: give 0 or more; 0 cancels running callbacks at once", f.grace)
	}
	for name, address := range map[string]string{"--http": f.http, "--admin": f.admin} {
		if _, _, err := net.SplitHostPort(address); err != nil && address != "" {
			return fmt.Errorf("%s %q: give an address with a port, such as :8080 or 127.0.0.1:8080, or \"\" for none", name, address)
		}
	}
	return nil
}

// checkServer looks for API servers that are named twice.
func (f *flags) checkServer(set *pflag.FlagSet) error {
	switch {
	case f.server != "" && (f.kubeconfig != "" || f.context != ""):
		return fmt.Errorf("--server %s: does not go with --kubeconfig or --context, which name a server too", f.server)
	case set.Changed("embedded") && f.embedded == "":
		return errors.New("--embedded=: name the kubeconfig file that it shall write, or leave out the equals sign")
	case f.embedded != "" && (f.kubeconfig != "" || f.context != "" || f.server != ""):
		return errors.New("--embedded: does not go with --kubeconfig, --context or --server, which name another API server")
	case f.embedded != "" && f.plan:
		return errors.New("--embedded: does not go with --plan, which needs no API server")
	}
	return nil
}
