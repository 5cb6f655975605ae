// Package testenv starts a real control plane, etcd and kube-apiserver with the
// RBAC authorizer, for the end-to-end tests, the demo and the benchmark, and
// breaks it on purpose: the API server can be killed, stopped and started again
// on the same port with the same data, and etcd's history can be compacted.
//
// The servers are started by controller-runtime's envtest. What it lacks is
// added here: their process ids (so that one can be killed), and a guardian that
// ends them should this process die. Binaries come from KUBEBUILDER_ASSETS,
// else from hack/controlplane/bin, which are built if they are missing.
//
// StartPair starts two API servers on one etcd behind one address. A test moves the
// connections from one server to the other, and cuts the second one off from etcd,
// stalls it or makes it lag behind.
//
// There are no controllers behind this API server: nothing collects garbage, a
// deleted Namespace stays Terminating, a Deployment gets no Pods, and the
// aggregated ClusterRoles (view, edit, admin) grant nothing.
//
// The package never skips a test, never downloads a binary, and ends no process
// but those it started. It needs a Unix system.
package testenv
