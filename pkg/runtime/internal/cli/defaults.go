package cli

import "time"

// Where ancho.Main serves: health for the kubelet, and metrics and debug for this machine.
const (
	DefaultHTTPAddress  = ":8080"
	DefaultAdminAddress = "127.0.0.1:8081"
)

// DefaultGracePeriod is how long running callbacks may go on after the stop: a little less than the
// 30 s that Kubernetes gives a Pod between SIGTERM and SIGKILL.
const DefaultGracePeriod = 25 * time.Second

// DefaultEmbeddedKubeconfig is the file that --embedded writes where none is named, in the working directory.
const DefaultEmbeddedKubeconfig = "ancho.kubeconfig"

// DefaultCheckTimeout is how long --check may take.
const DefaultCheckTimeout = 30 * time.Second
