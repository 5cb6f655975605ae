// Package fill puts Pods and custom resources into a control plane, as large and as full as those of a cluster at
// work: with labels, annotations, managedFields of two managers, and a status as a kubelet writes it.
package fill
