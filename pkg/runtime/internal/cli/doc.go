// Package cli is the command line of a program: its flags and what they say together, the cluster that they name, and the files that a
// program writes.
//
// It runs nothing: package runtime does what the flags ask for.
package cli
