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

// leftOut says why the answer to a request is not recorded; empty: it is. The API may be served below a path of somebody else's,
// such as that of a proxy for many clusters.
func (r *Recorder) leftOut(u *url.URL) string {
	parts := strings.FieldsFunc(u.Path, func(c rune) bool { return c == '/' })
	for i := range parts {
		if why := r.leftOutOf(parts[i:]); why != "" {
			return why
		}
	}
	return ""
}

// leftOutOf is leftOut where the path of the API, which these are the parts of, begins.
func (r *Recorder) leftOutOf(parts []string) string {
	switch {
	case parts[0] == "apis" && len(parts) > 1 && parts[1] == "authentication.k8s.io":
		return leftTokens
	case parts[0] != "api" || len(parts) < 3 || parts[1] != "v1":
		return ""
	}
	resource := parts[2:]
	if resource[0] == "watch" && len(resource) > 1 { // an older way to ask for one
		resource = resource[1:]
	}
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
