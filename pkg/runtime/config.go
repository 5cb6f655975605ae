package runtime

import (
	"errors"
	"fmt"
	"net/url"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// loadConfig finds the cluster: a bare URL, a kubeconfig, or the Pod's service account.
func loadConfig(f flags) (*rest.Config, error) {
	if f.server != "" {
		u, err := url.Parse(f.server)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, fmt.Errorf("--server %q: give a URL such as http://127.0.0.1:8001", f.server)
		}
		return &rest.Config{Host: f.server}, nil
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = f.kubeconfig
	over := &clientcmd.ConfigOverrides{CurrentContext: f.context}
	cfg, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, over).ClientConfig()
	switch {
	case err == nil:
		return cfg, nil
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
