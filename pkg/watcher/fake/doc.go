// Package fake is a Kubernetes API server in memory, for tests: it speaks the real protocol, byte for byte what a
// client would read from a real one, and is held to the same conformance suite. It runs in the process, over pipes or
// on a loopback port, and starts no goroutine that outlives a request, so that it works inside testing/synctest.
//
// What it leaves out: admission, validation and defaulting of built-in kinds, conversion between versions, garbage
// collection by owner, deletion with a grace period, propagation policies, authorization and priority.
package fake
