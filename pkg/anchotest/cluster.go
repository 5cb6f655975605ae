package anchotest

import (
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/testr"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// Options configure a Cluster. The zero value runs nothing and is an error.
type Options struct {
	// Capabilities are the capabilities under test.
	Capabilities []capability.Func
	// Kinds are further custom kinds for the server. It always serves the kinds that the capabilities watch.
	Kinds []kind.Any
	// Objects are there before the program starts: its callbacks see them as Initial. Their namespaces are made.
	Objects []client.Object
	// Server is the API server, such as that of another Cluster, whose program was stopped, or one with a fault from the
	// beginning. It is made in the same bubble. Default: a new one.
	Server *fake.Server
	// Replay is a recording of a real run (see runtime.Options.Record) that answers the program in place of the server, with
	// the times that it has: the callbacks get the calls that they got then. A request that it holds no answer to fails the
	// test. Server and Client are of an empty server, which the program does not see. Default: the server answers.
	Replay io.Reader
	// Configure changes the runtime's options, such as Namespace or GracePeriod. Default: they stay as they are.
	Configure func(*runtime.Options)
}

// Cluster is an API server in memory and a program that runs against it. Its methods are called by the goroutine of
// the test; they end the test where something does not work.
type Cluster struct {
	// Server is the API server; its methods cause faults, forget history, or take a custom kind away.
	*fake.Server
	// Client reads and writes objects as a user with all rights, whom no fault disturbs. Its scheme knows the types that
	// the capabilities declare.
	Client client.Client

	t     testing.TB
	stop  func()
	mu    sync.Mutex
	calls []runtime.Call
}

// Run starts a program with these capabilities, and stops it at the end of the test. It is called inside a bubble of
// testing/synctest.
func Run(t testing.TB, capabilities ...capability.Func) *Cluster {
	t.Helper()
	return Start(t, Options{Capabilities: capabilities})
}

// Start is Run with options.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	c := &Cluster{Server: o.Server, t: t}
	if c.Server == nil {
		c.Server = fake.New()
	}
	c.Register(o.Kinds...)
	ro := runtime.Options{Capabilities: c.watched(o.Capabilities), Logger: testr.NewWithInterface(t, testr.Options{}), OnCall: c.record}
	if o.Configure != nil {
		o.Configure(&ro)
	}
	r, err := runtime.New(c.config(o.Replay), ro)
	if err != nil {
		t.Fatalf("the program cannot start: %v", err)
	}
	c.Create(o.Objects...)
	ctx, cancel := context.WithCancel(logr.NewContext(context.Background(), ro.Logger))
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	c.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the program ended with an error: %v", err)
		}
	})
	t.Cleanup(c.stop)
	return c
}

// config leads the program to what answers it.
func (c *Cluster) config(recording io.Reader) *rest.Config {
	c.t.Helper()
	if recording == nil {
		return c.Config()
	}
	replay, err := fake.NewReplay(recording)
	if err != nil {
		c.t.Fatalf("the recording cannot be replayed: %v", err)
	}
	c.t.Cleanup(func() {
		for _, missing := range replay.Missing() {
			c.t.Errorf("the recording holds no answer to %s", missing)
		}
	})
	return replay.Config()
}

// watched has the server serve what the capabilities watch, and makes the test's client, which knows the same types.
func (c *Cluster) watched(capabilities []capability.Func) []capability.Func {
	var out []capability.Func
	for _, f := range capabilities {
		if f == nil { // for the runtime to complain about
			out = append(out, f)
			continue
		}
		out = append(out, func(env capability.Env) *capability.Capability {
			c.Client = c.undisturbed(env.Client.Scheme())
			made := f(env)
			for _, r := range declaredResources(made) {
				c.Register(resource(r))
			}
			return made
		})
	}
	return out
}

// undisturbed is a client of its own, that meets none of the faults which a test causes.
func (c *Cluster) undisturbed(scheme *apiruntime.Scheme) client.Client {
	cfg := c.Direct()
	cfg.WarningHandler = rest.NoWarnings{}
	made, err := client.New(cfg, client.Options{Scheme: scheme, Log: testr.NewWithInterface(c.t, testr.Options{})}) // else it takes a global one
	if err != nil {
		c.t.Fatalf("the test's client: %v", err)
	}
	return made
}

// resource stands for a kind of which no more is known.
type resource kind.Resource

// Resource implements kind.Any.
func (r resource) Resource() kind.Resource { return kind.Resource(r) }

// Settle returns when the program and the server have nothing to do any more: all changes are handled, and what is yet
// to come waits for its time. Time does not pass meanwhile; time.Sleep lets it.
func (c *Cluster) Settle() { synctest.Wait() }

// Stop stops the program as SIGTERM does, and returns when it has ended. The server goes on.
func (c *Cluster) Stop() { c.stop() }

func (c *Cluster) record(call runtime.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, call)
}

// Calls are the calls of a binding's callback that have ended, in the order in which they did: with event, attempt, causes
// and outcome. The binding is named by capability and binding, as --plan shows them: "hello/configmaps".
func (c *Cluster) Calls(binding string) []runtime.Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []runtime.Call
	for _, call := range c.calls {
		if call.Binding == binding {
			out = append(out, call)
		}
	}
	return out
}

// declaredResources are what the bindings of a capability and their triggers watch, as far as their kinds are right.
func declaredResources(c *capability.Capability) (out []kind.Resource) {
	declared := c.Declared()
	if declared == nil {
		return nil
	}
	for _, b := range declared.Bindings {
		if b == nil {
			continue
		}
		all := []*declare.Declaration{b}
		for _, t := range b.Spec.Triggers {
			all = append(all, t.Source)
		}
		for _, d := range all {
			if d != nil && d.KindErr() == nil {
				out = append(out, d.Resource())
			}
		}
	}
	return out
}
