// Package index keeps what a stream remembers of each object: its identity, the resourceVersion delivered last, a hash of its
// content where the resourceVersion does not show it, and which objects were reported deleted. It also orders resourceVersions.
//
// It makes no requests and decides nothing about streams.
package index
