// Package advice says what to do about a request to an API server that failed on the program's own side: its credentials, and its
// trust in the server. It never says what only the caller knows, such as which permission a request needs.
package advice

import (
	"crypto/tls"
	"errors"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Anonymous is about a request that the server attributes to system:anonymous. Roles for that user would open the cluster to everyone.
const Anonymous = "the request carried no credentials, or none that the server knows: give the program a token or client certificate"

// For says what is wrong and what to do; empty where only the error itself says something.
func For(err error) string {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case err == nil:
		return ""
	case untrusted:
		return "the program does not trust the server's certificate: correct the certificate authority in its kubeconfig, or the server's address"
	case IsAnonymous(err.Error()):
		return Anonymous
	case apierrors.IsUnauthorized(err):
		return "the server does not accept the credentials (401): check the token or certificate of the program"
	case strings.Contains(err.Error(), "getting credentials: "): // client-go, plugin/pkg/client/auth/exec
		return "the program has no credentials to send: repair the command that its kubeconfig names for them"
	}
	return ""
}

// IsAnonymous reports whether a server refuses a user that it does not know (kube-apiserver, option anonymous-auth).
func IsAnonymous(message string) bool { return strings.Contains(message, `User "system:anonymous"`) }
