package kind

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The plurals are those of the CustomResourceDefinitions that the projects publish.
func TestGuessedPlurals(t *testing.T) {
	for kind, want := range map[string]string{
		"Gateway":               "gateways",   // Gateway API
		"HTTPRoute":             "httproutes", // Gateway API
		"BackendTLSPolicy":      "backendtlspolicies",
		"Mesh":                  "meshes", // Kuma
		"MeshTrafficPermission": "meshtrafficpermissions",
		"Elasticsearch":         "elasticsearches", // ECK
		"Logstash":              "logstashes",
		"Kibana":                "kibanas",
		"Beat":                  "beats",
		"Prometheus":            "prometheuses", // Prometheus operator
		"ThanosRuler":           "thanosrulers",
		"Kafka":                 "kafkas", // Strimzi
		"Redis":                 "redis",  // OT redis operator
		"HelmRelease":           "helmreleases",
		"GitRepository":         "gitrepositories", // Flux
		"OCIRepository":         "ocirepositories",
		"Proxy":                 "proxies",
		"Key":                   "keys",
		"Patch":                 "patches",
		"Switch":                "switches",
		"Box":                   "boxes",
		"IngressClass":          "ingressclasses",
		"IPAddress":             "ipaddresses",
		"AppStatus":             "appstatuses",
		"Cache":                 "caches",
		"Database":              "databases",
		"Relay":                 "relays",
		"WebApp":                "webapps",
		"Demo":                  "demos",
		"Istio":                 "istios",
		"IOChaos":               "iochaos", // Chaos Mesh
		"Settings":              "settings",
	} {
		r := Unstructured(schema.GroupVersionKind{Group: "test.example.com", Version: "v1", Kind: kind}).Resource()
		if r.Plural != want || !r.Guessed {
			t.Errorf("kind %s: plural %q, guessed %v, want %q and a guess", kind, r.Plural, r.Guessed, want)
		}
	}
}
