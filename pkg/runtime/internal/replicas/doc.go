// Package replicas lets one of several replicas work at a time: the one that holds a Lease. client-go's elector
// chooses the leader. The Election wakes it when there is something to gain and sees a lost lease in time; the
// Fence says, right before each call, whether the lease is still held.
//
// The package knows nothing of streams, bindings and callbacks.
package replicas
