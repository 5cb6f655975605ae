// Package kubeevents records Kubernetes Events without blocking the callback that records them: a bounded queue, a few senders, and a
// count for Events that repeat.
package kubeevents
