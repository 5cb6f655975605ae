package recording

import (
	"net/url"
	"slices"
	"strings"
)

const (
	leftSecrets = "Secrets are recorded only if that is asked for: --record-secrets, or RecordSecrets in the runtime's options" //nolint:gosec // none
	leftTokens  = "tokens are never recorded"
)

// leftOut says why the answer to a request is not recorded; empty: it is.
func (r *Recorder) leftOut(u *url.URL) string {
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	switch {
	case parts[0] == "apis" && len(parts) > 1 && parts[1] == "authentication.k8s.io":
		return leftTokens
	case parts[0] != "api" || len(parts) < 3:
		return ""
	}
	resource := parts[2:]
	if resource[0] == "namespaces" && len(resource) > 2 {
		resource = resource[2:]
	}
	switch {
	case resource[0] == "serviceaccounts" && slices.Contains(resource[1:], "token"):
		return leftTokens
	case resource[0] == "secrets" && !r.o.Secrets:
		return leftSecrets
	}
	return ""
}
