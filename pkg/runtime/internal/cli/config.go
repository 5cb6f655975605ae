package cli

import (
	"errors"
	"fmt"
	"net/url"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// BadFlagError is about a flag that names no cluster, whatever the cluster is like.
type BadFlagError struct{ error }

// LoadConfig finds the cluster: a bare URL, a kubeconfig, or the Pod's service account.
func LoadConfig(f Flags) (*rest.Config, error) {
	if f.server != "" {
		u, err := url.Parse(f.server)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, BadFlagError{fmt.Errorf("--server %q: give a URL such as http://127.0.0.1:8001", f.server)}
		}
		return &rest.Config{Host: f.server}, nil
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = f.kubeconfig
	over := &clientcmd.ConfigOverrides{CurrentContext: f.context}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, over)
	cfg, err := loader.ClientConfig()
	switch {
	case err == nil:
		return cfg, nil
	case f.context != "" && lacksContext(loader, f.context):
		return nil, BadFlagError{fmt.Errorf("--context %s: %w", f.context, err)}
	case clientcmd.IsEmptyConfig(err) && f.kubeconfig != "":
		return nil, fmt.Errorf("--kubeconfig %s: the file names no cluster", f.kubeconfig)
	case clientcmd.IsEmptyConfig(err) || errors.Is(err, rest.ErrNotInCluster):
		return nil, errors.New("no cluster to talk to: give --kubeconfig FILE or --server URL, set KUBECONFIG, or run in a Pod with a service account; --plan needs none")
	case f.kubeconfig != "":
		return nil, fmt.Errorf("--kubeconfig %s: %w", f.kubeconfig, err)
	default:
		return nil, fmt.Errorf("find the cluster: %w", err)
	}
}

// lacksContext says whether a kubeconfig can be read and has no context of that name.
func lacksContext(loader clientcmd.ClientConfig, name string) bool {
	raw, err := loader.RawConfig()
	if err != nil || clientcmdapi.IsConfigEmpty(&raw) {
		return false
	}
	_, known := raw.Contexts[name]
	return !known
}
