// Package e2e holds the tests that run against a real kube-apiserver and etcd (build tag e2e, make e2e).
// Each shows one promise that only a real server can prove. Nothing else is here.
package e2e
