package watcher

import (
	"hash/maphash"
	"time"
)

const (
	// onceMax bounds how many texts are remembered.
	onceMax = 1000
	// onceEvery is how often all are forgotten when there are as many.
	onceEvery = time.Hour
)

// once tells texts that come for the first time from those that came before. It keeps eight bytes of each, so that
// texts from outside cannot fill the memory. After onceMax of them nothing is new until onceEvery has passed. The zero value is ready; it is not
// safe for concurrent use.
type once struct {
	seed  maphash.Seed
	seen  map[uint64]bool
	since time.Time
}

// first says whether the text is new.
func (o *once) first(text string) bool {
	if o.seen == nil || len(o.seen) >= onceMax && time.Since(o.since) >= onceEvery {
		o.seed, o.seen, o.since = maphash.MakeSeed(), map[uint64]bool{}, time.Now()
	}
	key := maphash.String(o.seed, text)
	if o.seen[key] || len(o.seen) >= onceMax {
		return false
	}
	o.seen[key] = true
	return true
}
