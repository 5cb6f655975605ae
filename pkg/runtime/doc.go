// Package runtime runs a program: it plans which streams the program needs, keeps them open,
// delivers their events to the queues of the bindings, and shuts down gracefully.
//
// Most programs need only [github.com/ancho-dev/ancho.Main]. Programs with their own main function
// use [New] and [Runtime.Run]. There are no globals, and one process can have several runtimes.
//
// An event goes one way: stream, dispatcher, queue or pool, decode, callback. The package does not
// read the wire protocol, keeps no copy of any object unless a binding is Cached, and never ends
// because of what a server does: a stream that cannot continue is blocked, reports why, and retries.
package runtime
