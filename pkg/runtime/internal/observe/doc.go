// Package observe shows what a runtime does: metrics, health, the snapshot behind /debug, log lines about failed calls and Kubernetes
// Events about parked objects.
//
// The package knows streams and bindings as two small interfaces, Streams and Binding, and changes nothing of either.
package observe
