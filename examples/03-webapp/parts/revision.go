package parts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/ancho-dev/ancho/examples/03-webapp/api/v1"
)

// Secrets names the Secret that a WebApp uses, if it uses one.
func Secrets(app *v1.WebApp) []types.NamespacedName {
	if app.Spec.Secret == "" {
		return nil
	}
	return []types.NamespacedName{{Namespace: app.Namespace, Name: app.Spec.Secret}}
}

// Revision is a hash of what the environment of a WebApp's Pods is made of: its settings, and the version of its Secret,
// nil where it uses none. The Secret's metadata is enough, so that its values need not be read.
func Revision(app *v1.WebApp, secret *metav1.PartialObjectMetadata) (string, error) {
	version := ""
	if secret != nil {
		version = string(secret.UID) + "/" + secret.ResourceVersion
	}
	text, err := json.Marshal([]any{app.Spec.Settings, version}) // keys of a map are sorted
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}
