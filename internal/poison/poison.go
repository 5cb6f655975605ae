// Package poison is for tests of code that reuses memory: while it is on, what was given back is overwritten, so
// that a use after that shows. It never runs in a program.
package poison

import "sync/atomic"

// Byte is what memory is overwritten with.
const Byte = 0xDB

var on atomic.Bool

// Enable turns it on for the rest of the process. A TestMain calls it, before anything runs.
func Enable() { on.Store(true) }

// Fill overwrites memory that was given back, if poison is enabled.
func Fill(given []byte) {
	if len(given) == 0 || !on.Load() {
		return
	}
	given[0] = Byte
	for n := 1; n < len(given); n *= 2 {
		copy(given[n:], given[:n])
	}
}
