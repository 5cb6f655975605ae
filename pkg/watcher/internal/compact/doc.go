// Package compact holds a million small things in memory that the garbage collector need not look into: records in
// chunks, a hash table of slot numbers, and an arena of text.
//
// All of it grows and shrinks by small steps, each paid for by the one call that adds or removes something: nothing
// is copied as a whole, nothing holds up its caller for long, and what was removed gives its memory back. The first
// chunks are small, so that something with few entries costs little.
//
// It knows nothing of Kubernetes, and its types are not safe for concurrent use.
package compact
