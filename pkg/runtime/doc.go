// Package runtime puts the parts together: it plans which streams a program needs, keeps them open,
// hands what they bring to the queues of the bindings it concerns, and stops in good order.
//
// Most programs need only [github.com/ancho-dev/ancho.Main]. Those that have a main function of
// their own use [New] and [Runtime.Run]: there are no globals, and several runtimes can live in one
// process.
//
// The way of an event has one direction: stream, feed, queue or pool, decode, callback. The package
// knows nothing of the wire, keeps no copy of any object, and never ends because of what a server
// does: a stream that cannot go on is blocked, says why, and tries again.
package runtime
