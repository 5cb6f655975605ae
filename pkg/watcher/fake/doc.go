// Package fake is a Kubernetes API server in memory, for tests: it speaks the real protocol, byte for byte what a
// client would read from a real one, and is held to the same conformance suite (pkg/watcher/conformance; what each
// server shows of it is in docs/conformance.md). It runs in the process, over pipes or on a loopback port, and starts
// no goroutine that outlives a request, so that it works inside testing/synctest.
//
// All built-in kinds are served, each in the version that pkg/kind names, and the custom resources that you register. It
// answers in JSON, YAML and, as a real server does, in protobuf where the resource has that.
//
// What goes wrong on the way is had on demand: Cut, Fault and the functions that return a Fault. Replay answers with what was
// recorded of a real server.
//
// What it leaves out: admission, validation and defaulting of built-in kinds, but for their metadata, fields that they
// do not have, and a Secret's text; conversion between versions, garbage collection by owner, deletion with a grace
// period, propagation policies, authorization and priority. Of the encodings, CBOR, and tables; of the subresources,
// all but status and a Namespace's finalize. A reader that is too slow is waited for, and a resourceVersion that is yet
// to come is refused at once.
package fake
