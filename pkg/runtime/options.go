package runtime

import (
	"io"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/logbuf"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/logs"
)

// Options are the settings of a Runtime. The zero value of each has a default.
type Options struct {
	// Capabilities are what the program can do. Each function is called once, by New. At least one
	// is needed.
	Capabilities []capability.Func
	// Only names the capabilities to run; empty: all. An unknown name is an error.
	Only []string
	// Namespace confines bindings on namespaced kinds that name no namespace to this one. A binding that names another
	// one is an error. Empty: no limit.
	Namespace string
	// Logger receives the runtime's messages and, with the object's name added, is the logger in the context of every
	// callback. Messages at V(8) and above are dropped: there client-go, which takes the logger from the context of a
	// request, logs whole requests and answers, including Secrets. The zero value discards everything. Callbacks that
	// log wait for the Logger. The runtime's own messages wait in a queue of 1000, so that a Logger that blocks delays
	// neither the lease nor the shutdown; messages that do not fit are counted in ancho_log_dropped_total.
	Logger logr.Logger
	// HTTPAddress is the address for /healthz and /readyz, such as ":8080" or "127.0.0.1:0". Empty: none;
	// Runtime.Handler serves the same paths to an embedding program.
	HTTPAddress string
	// AdminAddress is the address for /metrics, /debug and profiles, such as "127.0.0.1:8081". It has no
	// authentication: on an address that other machines can reach, all of them can read metrics and /debug. Profiles
	// are served to this machine only. Empty: none; Runtime.AdminHandler serves the same paths to an embedding
	// program.
	AdminAddress string
	// AllowCBOR lets the streams ask for CBOR (KEP-4222, alpha in Kubernetes) where they do not get protobuf: for
	// custom resources and unstructured kinds. A server that does not support it, or has not enabled it (its feature
	// gate CBORServingAndStorage), answers in JSON. Client-go's feature gate ClientsAllowCBOR (the environment
	// variable KUBE_FEATURE_ClientsAllowCBOR=true) also enables it, and applies to the clients in Env. Default: off.
	AllowCBOR bool
	// GracePeriod is how long running callbacks may continue after Run's context ends, before Ancho cancels their
	// contexts. Default: DefaultGracePeriod. Negative: they are cancelled at once.
	GracePeriod time.Duration
	// LeaderElection makes one of several replicas work at a time. Default: nil, each works.
	LeaderElection *LeaderElection
	// Registry receives the metrics. Default: the runtime's own registry, which AdminHandler serves.
	Registry *prometheus.Registry
	// OnCall receives each completed call: for tests, and for records of what a program did. It must be safe for
	// concurrent use. Until it returns, the call keeps its slot. Default: none.
	OnCall func(Call)
	// Record receives a recording of every request that the program makes through this runtime and Env, and of the
	// answers, in the format of package recording, for tests to replay. A separate goroutine writes it while Run runs.
	// An error is logged once and ends the recording, not the program. It contains objects in full, except Secrets.
	// Default: no recording.
	Record io.Writer
	// RecordSecrets includes Secrets in the recording. Default: the answers about them are left out.
	RecordSecrets bool
	// Audit is how often every stream is compared with a list of its objects' metadata; Ancho delivers what the server
	// lost. A binding's own Audit may be shorter. Negative is an error. Default: 0, only the streams of bindings with
	// Audit.
	Audit time.Duration
	// Rand returns numbers in [0,1) for the jitter of retries and reconnects and for the length of watches. It must be
	// safe for concurrent use. A test that returns a constant has the same delays in each run. Default: math/rand/v2.
	Rand func() float64
	// StrictReadiness makes a single blocked stream fail readiness. By default a stream that the server refuses (a
	// missing CRD, a missing permission) does not, because the other bindings work.
	StrictReadiness bool

	logOut *logbuf.Writer // what Logger writes to in a program of Main; nil: not known, and Logger may block
}

func (o Options) withDefaults() Options {
	if o.GracePeriod == 0 {
		o.GracePeriod = DefaultGracePeriod
	}
	o.Logger = logs.WithoutBodies(o.Logger)
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	return o
}

// resolveLeaderElection fills in what the caller left open, in a copy.
func (o *Options) resolveLeaderElection() error {
	if o.LeaderElection == nil {
		return nil
	}
	l, err := o.LeaderElection.Resolve(o.Namespace)
	o.LeaderElection = &l
	return err
}
