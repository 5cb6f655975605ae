// Package play runs one contender as a process of its own, and measures it.
package play
