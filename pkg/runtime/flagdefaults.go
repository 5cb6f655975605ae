package runtime

import "github.com/ancho-dev/ancho/pkg/runtime/internal/cli"

// Where ancho.Main serves: health for the kubelet, and metrics and debug for this machine.
const (
	DefaultHTTPAddress  = cli.DefaultHTTPAddress
	DefaultAdminAddress = cli.DefaultAdminAddress
)

// DefaultGracePeriod is how long running callbacks may go on after the stop: a little less than the
// 30 s that Kubernetes gives a Pod between SIGTERM and SIGKILL.
const DefaultGracePeriod = cli.DefaultGracePeriod

// DefaultEmbeddedKubeconfig is the file that --embedded writes where none is named, in the working directory.
const DefaultEmbeddedKubeconfig = cli.DefaultEmbeddedKubeconfig

// DefaultCheckTimeout is how long --check may take.
const DefaultCheckTimeout = cli.DefaultCheckTimeout
