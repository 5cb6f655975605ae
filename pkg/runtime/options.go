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
	// Only names the capabilities to run; empty: all. A name that none of them has is an error.
	Only []string
	// Namespace confines bindings on namespaced kinds that name no namespace to this one; a binding
	// that asks for another is an error. Empty: no limit.
	Namespace string
	// Logger receives the runtime's messages and, with the object's name added, is the logger in the
	// context of every callback. What is logged at V(8) and above is dropped: client-go, which takes the logger from the
	// context of a request, logs there what it sends and gets, also Secrets. The zero value discards. Callbacks that log wait for
	// the Logger. Runtime's own messages wait in a queue of 1000, so that a Logger that blocks holds up neither the lease nor the stop;
	// what does not fit is counted in ancho_log_dropped_total.
	Logger logr.Logger
	// HTTPAddress is where /healthz and /readyz are served, such as ":8080" or "127.0.0.1:0". Empty: nowhere;
	// Runtime.Handler serves the same paths to an embedding program.
	HTTPAddress string
	// AdminAddress is where /metrics, /debug and profiles are served, such as "127.0.0.1:8081". It has no authentication: on an
	// address that other machines reach, all of them can read metrics and /debug; profiles are for this machine alone. Empty:
	// nowhere; Runtime.AdminHandler serves the same paths to an embedding program.
	AdminAddress string
	// AllowCBOR lets the streams ask for CBOR (KEP-4222, alpha in Kubernetes) of what does not come as protobuf: custom
	// resources and unstructured kinds. A server that does not have it, or not switched on (its feature gate
	// CBORServingAndStorage), answers in JSON as before. It is also on where client-go's feature gate ClientsAllowCBOR
	// is (the environment variable KUBE_FEATURE_ClientsAllowCBOR=true), which the clients in Env go by. Default: off.
	AllowCBOR bool
	// GracePeriod is how long running callbacks may go on after Run's context ends, before their own
	// contexts are cancelled. Default: DefaultGracePeriod. Negative: cancelled at once.
	GracePeriod time.Duration
	// LeaderElection has one of several replicas work at a time. Default: nil, each works.
	LeaderElection *LeaderElection
	// Registry receives the metrics. Default: a registry of the runtime's own, which AdminHandler serves.
	Registry *prometheus.Registry
	// OnCall is told of each call of a callback, when it has ended: for tests, and for records of what a program did. It is
	// called from many goroutines at once, and holds up the slot that the call had. Default: nobody is told.
	OnCall func(Call)
	// Record receives a recording of every request that the program makes through this runtime and Env, and of the answers, in
	// the format of package recording, for tests to replay. It is written by a goroutine of its own, while Run runs; what goes
	// wrong with it is logged once and ends the recording, not the program. It holds objects in full, but for Secrets.
	// Default: nothing is recorded.
	Record io.Writer
	// RecordSecrets has the recording hold Secrets too. Default: what is answered about them is left out.
	RecordSecrets bool
	// Audit compares every stream with a list of its objects' metadata this often, and delivers what the server lost; a binding's own Audit
	// may be shorter. Negative is an error. Default: 0, no stream but those of bindings with Audit.
	Audit time.Duration
	// Rand gives the numbers in [0,1) by which delays are varied: of retries, reconnects and the length of watches. It is called
	// from many goroutines at once. A test that gives a constant has the same delays in each run. Default: math/rand/v2.
	Rand func() float64
	// StrictReadiness makes a single blocked stream fail readiness. By default a stream that the server
	// refuses (a CRD that is missing, a right that was not given) does not: the other bindings work.
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
