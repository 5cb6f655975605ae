package environment

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
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/ancho-dev/ancho/internal/plaintext"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/kubeevents"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/restmap"
)

// ErrCalledCluster is what a capability function gets that talks to the cluster while it declares.
var ErrCalledCluster = errors.New("a capability function must not call the cluster: it declares what to watch, also where there is no cluster (--plan); call it from a callback")

// Environment is what capability functions are given. Its recorder sends nothing before start.
type Environment struct {
	Env      capability.Env
	Scheme   *apiruntime.Scheme
	Mapper   *restmap.Mapper
	Recorder *kubeevents.Recorder
}

// New opens no connection: the client discovers the resources of kinds that it does not know when they are first used.
func New(cfg *rest.Config, log logr.Logger) (*Environment, error) {
	s := apiruntime.NewScheme()
	if err := scheme.AddToScheme(s); err != nil {
		return nil, fmt.Errorf("register the built-in kinds: %w", err)
	}
	c, err := newClient(cfg, s, log)
	if err != nil {
		return nil, fmt.Errorf("make the client for callbacks: %w: check the certificate authority, certificate and token that the program is given", err)
	}
	set, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("make the client for Kubernetes Events: %w", err)
	}
	sink := &events.EventSinkImpl{Interface: set.EventsV1()}
	e := &Environment{Scheme: s, Mapper: c.mapper, Recorder: kubeevents.New(s, sink, log)}
	e.Env = capability.Env{Config: rest.CopyConfig(cfg), Client: c, Recorder: e.Recorder, Logger: log}
	return e, nil
}

// newClient makes the client for callbacks. It is given what it logs with: otherwise controller-runtime takes a global logger of its
// own, and complains of a program that has not set it.
func newClient(cfg *rest.Config, s *apiruntime.Scheme, log logr.Logger) (*callbackClient, error) {
	if cfg.WarningHandler == nil && cfg.WarningHandlerWithContext == nil {
		cfg = rest.CopyConfig(cfg)
		cfg.WarningHandlerWithContext = warnings{log}
	}
	if log.IsZero() { // which counts as none
		log = logr.New(ctrllog.NullLogSink{})
	}
	h, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return nil, err
	}
	return newCallbackClient(cfg, h, client.Options{Scheme: s, Log: log})
}

// warnings logs what the API server warns of in answer to a callback's request.
type warnings struct{ log logr.Logger }

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext. Only code 299 is about the API.
func (w warnings) HandleWarningHeaderWithContext(ctx context.Context, code int, _, text string) {
	if code != 299 || text == "" {
		return
	}
	log, err := logr.FromContext(ctx)
	if err != nil { // a request of nobody's call
		log = w.log
	}
	log.Info("the API server warns", "warning", plaintext.Bound(text))
}

// WithoutCluster is the configuration that capability functions see where only the plan is wanted.
func WithoutCluster() *rest.Config {
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
func (refuse) RoundTrip(*http.Request) (*http.Response, error) { return nil, ErrCalledCluster }
