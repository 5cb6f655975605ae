package runtime

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-logr/logr"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho/pkg/capability"
)

// recorderName is the reporting controller of Kubernetes Events that callbacks write.
const recorderName = "ancho"

// errCalledCluster is what a capability function gets that talks to the cluster while it declares.
var errCalledCluster = errors.New("a capability function must not call the cluster: it declares what to watch, also where there is no cluster (--plan); call it from a callback")

// environment is what capability functions are given, and what has to be ended with them.
type environment struct {
	env         capability.Env
	scheme      *apiruntime.Scheme
	broadcaster events.EventBroadcaster
}

// newEnvironment opens no connection: the client looks up the server's resources when it is first used.
func newEnvironment(cfg *rest.Config, log logr.Logger) (*environment, error) {
	s := apiruntime.NewScheme()
	if err := scheme.AddToScheme(s); err != nil {
		return nil, fmt.Errorf("register the built-in kinds: %w", err)
	}
	c, err := client.New(cfg, client.Options{Scheme: s})
	if err != nil {
		return nil, fmt.Errorf("make the client for callbacks: %w", err)
	}
	set, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("make the client for Kubernetes Events: %w", err)
	}
	b := events.NewBroadcaster(&events.EventSinkImpl{Interface: set.EventsV1()})
	return &environment{
		scheme:      s,
		broadcaster: b,
		env: capability.Env{
			Config:   rest.CopyConfig(cfg),
			Client:   c,
			Recorder: b.NewRecorder(s, recorderName),
			Logger:   log,
		},
	}, nil
}

// withoutCluster is the configuration that capability functions see where only the plan is wanted.
func withoutCluster() *rest.Config {
	return &rest.Config{
		Host: "http://no-cluster.invalid",
		WrapTransport: func(http.RoundTripper) http.RoundTripper {
			return refuse{}
		},
	}
}

// refuse answers no request.
type refuse struct{}

// RoundTrip implements http.RoundTripper.
func (refuse) RoundTrip(*http.Request) (*http.Response, error) { return nil, errCalledCluster }

// startRecording sends Kubernetes Events to the server until the returned function is called. Callbacks
// that run into the grace period still have theirs recorded.
func (e *environment) startRecording(ctx context.Context) (stop func(), err error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	if err := e.broadcaster.StartRecordingToSinkWithContext(ctx); err != nil {
		cancel()
		return nil, fmt.Errorf("record Kubernetes Events: %w", err)
	}
	return cancel, nil
}
