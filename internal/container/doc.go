// Package container holds the data structures of queues: a list whose links are part of what is listed, a map that gives its memory
// back, a heap of things that are due at a time, and an order in which namespaces take turns. None is safe for concurrent use.
package container
