package runtime

import (
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

// errCalledCluster is what a capability function gets that talks to the cluster while it declares.
var errCalledCluster = errors.New("a capability function must not call the cluster: it declares what to watch, also where there is no cluster (--plan); call it from a callback")

// environment is what capability functions are given. Nothing of it runs before startRecording.
type environment struct {
	env      capability.Env
	scheme   *apiruntime.Scheme
	sink     events.EventSink
	recorder *recorder
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
	e := &environment{scheme: s, sink: &events.EventSinkImpl{Interface: set.EventsV1()}, recorder: &recorder{}}
	e.env = capability.Env{Config: rest.CopyConfig(cfg), Client: c, Recorder: e.recorder, Logger: log}
	return e, nil
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
