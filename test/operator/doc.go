// Package operator holds what an operator needs against the server in memory, in virtual time: finalizers, and triggers
// by owned, used and mapped objects. The same on a real server is in test/e2e.
package operator
