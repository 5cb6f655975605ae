package clumsy

import (
	"encoding/base64"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// What no log line, error or metric may hold: a value of Secrets, and one of custom resources, which a recording holds.
const (
	Secret = "hunter2-Gx7Qm2Zp9LwT4vKb" //nolint:gosec // none
	Custom = "letmein-Rf5Ny8Jc3HsD6aXe"
)

// Objects are some for which the program goes wrong in every way that it has. The Secret named "broken" does so where it arrives
// damaged.
func Objects(namespace string) (out []client.Object) {
	at := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app": "shop"}}
	}
	for _, name := range []string{
		"fails", "waits", "later", "parks", "writes-nil", "index", "asserts", "nil", "reads", "broken", "where", "change", "mapped",
	} {
		s := &corev1.Secret{ObjectMeta: at(name), Data: map[string][]byte{"password": []byte(Secret)}}
		s.Annotations = map[string]string{
			corev1.LastAppliedConfigAnnotation: `{"data":{"password":"` + base64.StdEncoding.EncodeToString([]byte(Secret)) + `"}}`,
		}
		out = append(out, s)
	}
	out = append(out, &corev1.ConfigMap{ObjectMeta: at("user"), Data: map[string]string{"secret": "reads"}})
	for name, spec := range map[string]map[string]any{
		"fits":   {"size": int64(1), "password": Custom},
		"size":   {"size": Custom, "password": Custom},
		"sizes":  {"size": int64(1), "sizes": map[string]any{Custom: Custom}},
		"object": {"size": map[string]any{Custom: Custom}, "password": []any{Custom}},
	} {
		v := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
		v.SetGroupVersionKind(group.WithKind("Vault"))
		v.SetNamespace(namespace)
		v.SetName(name)
		out = append(out, v)
	}
	return out
}
