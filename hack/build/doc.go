// Command build compiles the programs that this project needs beside its own
// code, each at the version that a nested module pins:
//
//	go run ./hack/build controlplane   etcd, kube-apiserver and kubectl, into hack/controlplane/bin
//	go run ./hack/build tools          linter, vulnerability check, benchstat, into bin
//
// It says what it is doing while it works (a kube-apiserver takes minutes the
// first time), and does nothing where the binaries are those of the pinned
// versions already. It needs the go command and nothing else, and it never
// writes outside the folder that holds the binaries.
package main
