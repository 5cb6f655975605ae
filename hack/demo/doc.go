// Command demo shows Ancho at work, in some seconds and in plain lines: it starts a real etcd and kube-apiserver,
// runs the examples as a program of its own against them, creates, changes and deletes objects, cuts the program
// off from the server, and shows after each step what the program did.
//
//	make demo          or   go run ./hack/demo
//	make demo KEEP=1   or   go run ./hack/demo --keep    leaves all running until Ctrl-C, with things to try
//
// It needs the go command alone, and builds what is missing. What it prints about the program is what the program
// logged, what it answered over HTTP, or what is in the cluster; each step waits for that, never for a time. An
// expectation that is not met ends it with 1 and says which one.
//
// It ends every process that it started, however it ends itself: the servers have a guardian (see package testenv),
// and the program dies with the pipe that its log goes into.
package main
