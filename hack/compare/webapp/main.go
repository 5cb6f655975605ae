// Command webapp is the example examples/03-webapp, written with controller-runtime as its documentation and kubebuilder's
// scaffolding show it. It does the same, and uses the same custom kind and the same functions for its parts.
package main

import (
	"flag"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	v1 "github.com/ancho-dev/ancho/examples/03-webapp/api/v1"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var metrics, probes, namespace string
	var elect bool
	flag.StringVar(&metrics, "metrics-bind-address", ":8080", "where /metrics is served")
	flag.StringVar(&probes, "health-probe-bind-address", ":8081", "where /healthz and /readyz are served")
	flag.StringVar(&namespace, "namespace", "", "watch this namespace alone")
	flag.BoolVar(&elect, "leader-elect", false, "work only while holding the lease")
	logging := zap.Options{}
	logging.BindFlags(flag.CommandLine)
	flag.Parse()
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&logging)))

	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return fmt.Errorf("register the built-in kinds: %w", err)
	}
	if err := v1.AddToScheme(scheme); err != nil {
		return fmt.Errorf("register WebApp: %w", err)
	}
	cfg, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("find the cluster: %w", err)
	}
	options := ctrl.Options{
		Scheme:                        scheme,
		Metrics:                       metricsserver.Options{BindAddress: metrics},
		HealthProbeBindAddress:        probes,
		LeaderElection:                elect,
		LeaderElectionID:              "webapp.example.com",
		LeaderElectionReleaseOnCancel: true,
	}
	if namespace != "" {
		options.Cache.DefaultNamespaces = map[string]cache.Config{namespace: {}}
	}
	mgr, err := ctrl.NewManager(cfg, options)
	if err != nil {
		return fmt.Errorf("make the manager: %w", err)
	}
	ctx := ctrl.SetupSignalHandler()
	r := &reconciler{Client: mgr.GetClient(), recorder: mgr.GetEventRecorder("webapp")}
	if err := r.setUp(ctx, mgr); err != nil {
		return fmt.Errorf("set up the controller: %w", err)
	}
	if err := mgr.AddHealthzCheck("healthz", healthz.Ping); err != nil {
		return fmt.Errorf("add the health check: %w", err)
	}
	if err := mgr.AddReadyzCheck("readyz", healthz.Ping); err != nil {
		return fmt.Errorf("add the readiness check: %w", err)
	}
	return mgr.Start(ctx)
}
