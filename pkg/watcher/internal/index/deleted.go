package index

import (
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// MaxDeleted bounds how many deleted objects an index remembers; each takes about 100 bytes.
	MaxDeleted = 2048
	// ForgetEvery is how often at most a resume makes tombs older.
	ForgetEvery = time.Minute
)

// tombs are objects that were reported deleted, by UID, each with the resourceVersion up to which an event of it is a
// replay. They outlast the next resume of the watch. When there are too many the oldest go first.
type tombs struct {
	of    map[[16]byte]tomb
	order [][16]byte // oldest first; some may be out of the map
	age   uint32     // turns so far
	turn  time.Time  // of the last one
}

type tomb struct {
	number   uint64 // the resourceVersion; 0: it is no number, and in text
	text     string
	age      uint32
	snapshot uint32 // the epoch of the snapshot that reported it, plus 1; 0: none did
}

// tombKey is the UID, or for one that is no UUID a hash of it.
func tombKey(uid string) [16]byte {
	if raw, ok := packUUID(uid); ok {
		return raw
	}
	h := fnv.New128a()
	_, _ = h.Write([]byte(uid))
	return [16]byte(h.Sum(nil))
}

// bury remembers that an object was reported deleted at rv. It returns whether another one made room.
func (t *tombs) bury(uid, rv string, snapshot uint32) (dropped bool) {
	if uid == "" {
		return false
	}
	key, at := tombKey(uid), tomb{age: t.age, snapshot: snapshot}
	if n, ok := canonicalNumber(rv); ok {
		at.number = n
	} else {
		at.text = strings.Clone(rv)
	}
	if t.of == nil {
		t.of = map[[16]byte]tomb{}
	}
	if _, known := t.of[key]; !known {
		t.order = append(t.order, key)
	}
	t.of[key] = at
	for len(t.of) > MaxDeleted {
		t.dropOldest()
		dropped = true
	}
	return dropped
}

func (t *tombs) dropOldest() {
	delete(t.of, t.order[0])
	t.order = t.order[1:]
}

// find returns the tomb of an object.
func (t *tombs) find(uid string) (at tomb, buried bool) {
	if len(t.of) == 0 || uid == "" {
		return tomb{}, false
	}
	at, buried = t.of[tombKey(uid)]
	return at, buried
}

// covers says whether an event with this resourceVersion is a replay. Where resourceVersions do not compare, only the same one
// is: an object that left what the server selects comes back with another.
func (at *tomb) covers(rv string) bool {
	switch Compare(rv, at.rv()) {
	case OrderAhead:
		return false
	case OrderUnknown:
		return rv == "" && at.rv() != ""
	default:
		return true
	}
}

func (at *tomb) rv() string {
	if at.number != 0 {
		return strconv.FormatUint(at.number, 10)
	}
	return at.text
}

// exhume forgets one object, which exists after all.
func (t *tombs) exhume(uid string) {
	key := tombKey(uid)
	delete(t.of, key)
	t.order = slices.DeleteFunc(t.order, func(k [16]byte) bool { return k == key })
	t.shrink()
}

// resumed is called when the stream resumes, which is behind all of them: those from before the last turn are forgotten.
func (t *tombs) resumed(now time.Time) {
	if len(t.order) == 0 || now.Sub(t.turn) < ForgetEvery {
		return
	}
	t.age++
	t.turn = now
	for len(t.order) > 0 && t.age-t.of[t.order[0]].age > 1 {
		t.dropOldest()
	}
	t.shrink()
}

// shrink gives memory back: an emptied map and a slice cut at its front keep theirs.
func (t *tombs) shrink() {
	switch {
	case len(t.order) == 0:
		t.of, t.order = nil, nil
	case cap(t.order) > 4*len(t.order)+64:
		t.of, t.order = maps.Collect(maps.All(t.of)), slices.Clone(t.order)
	}
}

// clear forgets all.
func (t *tombs) clear() { t.of, t.order = nil, nil }

// Deletion is what an index remembers of an object that was reported deleted.
type Deletion struct {
	tomb
	Earlier bool // it was reported before the snapshot that is being read
}

// RV is the resourceVersion up to which an event of the object is a replay.
func (d Deletion) RV() string { return d.rv() }

// Bury remembers that an object was reported deleted: events of it up to rv are replays. inSnapshot says that the snapshot that is being
// read showed that. It returns whether another object is not remembered any more, to make room.
func (x *Index) Bury(uid, rv string, inSnapshot bool) (forgot bool) {
	snapshot := uint32(0)
	if inSnapshot {
		snapshot = uint32(x.epoch) + 1
	}
	return x.tombs.bury(uid, rv, snapshot)
}

// Buried says whether the object was reported deleted, as far as that is remembered.
func (x *Index) Buried(uid string) bool {
	_, buried := x.tombs.find(uid)
	return buried
}

// Replayed says whether a state with this resourceVersion is one of an object that was reported deleted. A newer one says that the
// object exists, and its deletion is forgotten.
func (x *Index) Replayed(uid, rv string) (at Deletion, replayed bool) {
	found, buried := x.tombs.find(uid)
	if !buried {
		return Deletion{}, false
	}
	if !found.covers(rv) {
		x.tombs.exhume(uid)
		return Deletion{}, false
	}
	return Deletion{tomb: found, Earlier: found.snapshot != uint32(x.epoch)+1}, true
}

// Exhume forgets that an object was reported deleted: it exists after all.
func (x *Index) Exhume(uid string) { x.tombs.exhume(uid) }

// ExhumeAll forgets all objects that were reported deleted.
func (x *Index) ExhumeAll() { x.tombs.clear() }

// Resumed is called when the watch is resumed, behind all deletions that were reported: the index forgets old ones.
func (x *Index) Resumed(now time.Time) { x.tombs.resumed(now) }

// RemembersDeleted returns how many deleted objects the index remembers.
func (x *Index) RemembersDeleted() int { return len(x.tombs.of) }

// InheritDeleted makes the index remember, too, which objects another one remembers to be deleted: a Seed does not bring
// them back.
func (x *Index) InheritDeleted(from *Index) {
	x.tombs = tombs{of: maps.Clone(from.tombs.of), order: slices.Clone(from.tombs.order), age: from.tombs.age, turn: from.tombs.turn}
}
