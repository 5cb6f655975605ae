package runtime

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/features"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/internal/redirect"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/recording"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/binding"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/compile"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/dispatch"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/environment"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/existence"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/logs"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/observe"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/patience"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/plan"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/replicas"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/rights"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Runtime is a program of capabilities, ready to run against one API server.
type Runtime struct {
	o        Options
	log      logr.Logger // never blocks
	lines    logs.Lines  // of log, where Options.Logger may block
	env      *environment.Environment
	plan     *plan.Plan
	bindings []*binding.Binding
	streams  *dispatch.Streams
	server   *watcher.Server
	looks    *existence.Checks
	health   *observe.Health
	access   *rights.Access
	recorder *recording.Recorder // nil: nothing is recorded
	election *replicas.Election  // nil: there is none
	exit     func()              // ends the process; nil: that is not this package's to do
	ran      atomic.Bool
	stopping atomic.Bool // no callback starts any more
}

// errRanBefore is about a Runtime that was to run twice.
var errRanBefore = errors.New("this Runtime ran before, and its queues are closed: make another one with runtime.New")

// New makes a Runtime. It calls the capability functions and reports every wrong declaration together,
// each with its file and line (a [capability.DeclarationError] among others); it opens no connection, so
// that what only the server can know is found while running. A rate limit in cfg holds for the clients in
// Env alone, and where there is none, none is set: the API server's priority and fairness does better.
func New(cfg *rest.Config, o Options) (*Runtime, error) {
	if cfg == nil {
		return nil, errors.New("runtime.New: the configuration is nil: load one with client-go's clientcmd or rest.InClusterConfig")
	}
	o = o.withDefaults()
	if err := o.resolveLeaderElection(); err != nil {
		return nil, err
	}
	cfg = rest.CopyConfig(cfg)
	if cfg.QPS == 0 && cfg.RateLimiter == nil {
		cfg.QPS = -1
	}
	recorder := record(cfg, o)
	cfg.Wrap(redirect.Refuse) // outside of the recording, which shows what the server answered
	e, err := environment.New(cfg, o.Logger)
	if err != nil {
		return nil, err
	}
	compiled, err := declared(o, e.Env)
	if err != nil {
		return nil, err
	}
	for _, c := range compiled {
		for _, each := range plan.Watching([]*compile.Compiled{c}) {
			if err := each.AddToScheme(e.Scheme); err != nil {
				return nil, fmt.Errorf("%s: %s/%s: %w", c.Location, c.Capability, c.Binding, err)
			}
			e.Mapper.Declare(each.Resource)
		}
	}
	r := &Runtime{o: o, log: o.Logger, env: e, plan: plan.New(compiled), recorder: recorder}
	if o.logOut == nil {
		r.log = r.lines.Detached(o.Logger)
	}
	e.Recorder.LogTo(r.log)
	if err := r.assemble(cfg); err != nil {
		return nil, err
	}
	return r, nil
}

// declared are the bindings that the options ask for. What is wrong with any of them is reported together.
func declared(o Options, env capability.Env) ([]*compile.Compiled, error) {
	return environment.Compile(o.Capabilities, o.Only, o.Namespace, env)
}

// assemble makes the parts from the plan.
func (r *Runtime) assemble(cfg *rest.Config) (err error) {
	opts := []watcher.ServerOption{watcher.WithWarnings(func(text string) {
		r.log.Info("the API server warns", "warning", text)
	})}
	if r.o.AllowCBOR || features.FeatureGates().Enabled(features.ClientsAllowCBOR) {
		opts = append(opts, watcher.WithCBOR())
	}
	r.server, err = watcher.NewServer(cfg, opts...)
	if err != nil {
		return err
	}
	m, err := observe.New(r.o.Registry)
	if err != nil {
		return err
	}
	var f *replicas.Fence
	if r.o.LeaderElection != nil {
		r.election, err = replicas.NewElection(cfg, *r.o.LeaderElection, r.server, r.log, m.LeaseFailures, r.env.Env.Recorder)
		if err != nil {
			return err
		}
		f = r.election.Fence
	}
	byDeclaration := map[*compile.Compiled]*binding.Binding{}
	var full atomic.Int32
	locks := sharedLocks(r.plan.Bindings)
	r.looks = existence.New(r.server)
	for _, c := range r.plan.Bindings {
		id := c.Capability + "/" + c.Binding
		o := binding.Options{
			Locks: locks[c.Capability], Rand: r.o.Rand, Full: &full, Fence: f, Stopping: &r.stopping,
			OnParked: observe.WriteParked(r.env.Env.Recorder, c, id),
		}
		if told := r.o.OnCall; told != nil {
			o.OnCall = func(f queue.Finish) { told(callOf(id, &f)) }
		}
		b := binding.New(c, o, r.looks, r.o.Logger, m)
		byDeclaration[c] = b
		r.bindings = append(r.bindings, b)
		for _, t := range c.Triggers {
			byDeclaration[t.Source] = b.Source(t, r.plan.Targets[t.Source])
		}
	}
	r.streams = dispatch.New(r.plan, byDeclaration, r.server, r.log, m, dispatch.Options{Rand: r.o.Rand, Audit: r.o.Audit})
	r.access, err = rights.NewAccess(cfg, r.needs(), r.log, r.o.Rand)
	if err != nil {
		return err
	}
	r.health = &observe.Health{Streams: r.streams, Planned: len(r.plan.Streams), Strict: r.o.StrictReadiness, Election: r.election, Rights: r.access.Say}
	if r.o.logOut != nil {
		r.health.Log = r.o.logOut
	}
	for _, c := range []prometheus.Collector{r.droppedLines(), r.droppedEvents()} {
		if err := r.o.Registry.Register(c); err != nil {
			return err
		}
	}
	return r.o.Registry.Register(&observe.Collector{Board: r.board()})
}

// needs are those of the plan and of the leader election.
func (r *Runtime) needs() []rights.Need {
	all := rights.Needed(r.plan)
	if l := r.o.LeaderElection; l != nil {
		all = append(all, rights.ForLease(types.NamespacedName{Namespace: l.Namespace, Name: l.Name})...)
	}
	return all
}

// sharedLocks gives the bindings of a capability one table of locks, where two of them reconcile the same
// resource: their calls for one object must not overlap. Elsewhere the queue's own order is enough.
func sharedLocks(bindings []*compile.Compiled) map[string]*queue.Locks {
	type pair struct{ capability, resource string }
	count, locks := map[pair]int{}, map[string]*queue.Locks{}
	for _, b := range bindings {
		if b.Action != declare.ActionReconcile {
			continue
		}
		p := pair{b.Capability, b.Resource.String()}
		count[p]++
		if count[p] > 1 && locks[b.Capability] == nil {
			locks[b.Capability] = queue.NewLocks()
		}
	}
	return locks
}

// board is what metrics and /debug show.
func (r *Runtime) board() observe.Board {
	b := observe.Board{Election: r.election, Streams: r.streams}
	for _, one := range r.bindings {
		b.Bindings = append(b.Bindings, one)
	}
	return b
}

// Snapshot returns what the runtime does now, all of it. It may be called from any goroutine.
func (r *Runtime) Snapshot() Snapshot { return r.board().Snapshot(observe.Page{}) }

// Plan returns what the runtime watches.
func (r *Runtime) Plan() Plan { return publicPlan(r.plan) }

// Env returns the Env that the capability functions received.
func (r *Runtime) Env() capability.Env { return r.env.Env }

// Run opens the streams and calls the callbacks until ctx ends, then shuts down: no new call starts, running calls get
// the grace period, and Run returns nil when they have returned. It logs a callback that does not return even after
// its context was cancelled, and returns without waiting for it. Run returns an error only if it cannot start (an HTTP
// address is taken, or Run was called before), or ErrLeaseLost: end the process then. Nothing else that the API server
// does ends Run.
func (r *Runtime) Run(ctx context.Context) error {
	if r.ran.Swap(true) {
		return errRanBefore
	}
	defer func() { r.lines.Flush(max(r.patience(), patience.LastLine)) }()
	defer r.startRecorder()()
	defer r.server.CloseIdleConnections()
	stopHTTP, err := r.listen(ctx)
	if err != nil {
		return err
	}
	defer stopHTTP()
	stopRecording := r.env.Recorder.Start(ctx)
	defer func() { stopRecording(r.patience()) }()
	for _, b := range r.plan.Bindings {
		for _, w := range b.Warnings {
			r.log.Info("a declaration is costly", "capability", b.Capability, "binding", b.Binding, "declared", b.Location, "warning", w)
		}
	}
	if r.election != nil {
		return r.lead(ctx)
	}
	r.work(ctx)
	return nil
}

// work opens the streams and calls the callbacks until ctx ends. It tells whether all callbacks have returned.
func (r *Runtime) work(ctx context.Context) bool {
	r.log.Info("started", "bindings", len(r.bindings), "streams", len(r.plan.Streams))
	calls := r.startEngines(ctx)
	r.health.Begin()
	looked := r.looks.Run(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		r.streams.Run(ctx)
		looked()
	}()
	<-ctx.Done()
	r.health.End()
	returned := calls.drain(r.o.GracePeriod)
	if !patience.EndsWithin(max(r.patience(), patience.LastLine), watched) { // a function of the declaration, such as Mapped's, may hang
		r.log.Info("stopped, leaving behind streams that do not end")
		return false
	}
	return returned
}

// droppedEvents counts Kubernetes Events that were not written.
func (r *Runtime) droppedEvents() prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "ancho_events_dropped_total", Help: "Kubernetes Events that were recorded and could not be written.",
	}, func() float64 { return float64(r.env.Recorder.Lost()) })
}

// droppedLines counts what did not reach the log.
func (r *Runtime) droppedLines() prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "ancho_log_dropped_total", Help: "Log messages lost because the log could not be written as fast as they came.",
	}, func() float64 {
		n := r.lines.Lost()
		if r.o.logOut != nil {
			n += r.o.logOut.Dropped()
		}
		return float64(n)
	})
}
