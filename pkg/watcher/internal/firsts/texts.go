// Package firsts finds texts that were not seen before, in bounded memory.
package firsts

import (
	"hash/maphash"
	"time"
)

const (
	// Max bounds how many texts are remembered.
	Max = 1000
	// Every is how often all are forgotten when there are as many.
	Every = time.Hour
)

// Texts remembers eight bytes of each text, so that texts from outside cannot fill the memory. After Max of them nothing
// is new until Every has passed. The zero value is ready; it is not safe for concurrent use.
type Texts struct {
	seed  maphash.Seed
	seen  map[uint64]bool
	since time.Time
}

// First says whether the text is new.
func (t *Texts) First(text string) bool {
	if t.seen == nil || len(t.seen) >= Max && time.Since(t.since) >= Every {
		t.seed, t.seen, t.since = maphash.MakeSeed(), map[uint64]bool{}, time.Now()
	}
	key := maphash.String(t.seed, text)
	if t.seen[key] || len(t.seen) >= Max {
		return false
	}
	t.seen[key] = true
	return true
}

// Len returns how many texts are remembered.
func (t *Texts) Len() int { return len(t.seen) }
