package index

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// modelObject is what a plain map knows of an object.
type modelObject struct {
	uid, rv string
	word    uint64
	seen    bool
}

// indexModel is an index beside a plain map.
type indexModel struct {
	x     *Index
	known map[[2]string]modelObject
	words uint64
}

// many draws a key of a few thousand, so that all that grows does, and some are met again.
func (m *indexModel) many(rt *rapid.T) (key [2]string) {
	return m.key(rapid.IntRange(0, 5000).Draw(rt, "object"))
}

func (m *indexModel) key(n int) [2]string {
	return [2]string{fmt.Sprintf("namespace-%d", n/3*(n%2)), fmt.Sprintf("the-name-of-an-object-%d", n)}
}

func (m *indexModel) put(key [2]string, uid, rv string) {
	e := m.x.Put(key[0], key[1], uid, rv)
	e.SetSeen()
	m.words++
	before, known := m.known[key]
	if !known || before.uid != uid {
		before = modelObject{uid: uid}
	}
	if e.Words()[0] != before.word || e.Words()[1] != ^before.word && before.word != 0 {
		panic(fmt.Sprintf("%v has words %v, want %d", key, e.Words(), before.word))
	}
	e.Words()[0], e.Words()[1] = m.words, ^m.words
	m.known[key] = modelObject{uid, rv, m.words, true}
}

func (m *indexModel) remove(key [2]string) {
	if e, ok := m.x.Get(key[0], key[1]); ok {
		m.x.Remove(e)
	}
	delete(m.known, key)
}

// check compares all there is.
func (m *indexModel) check(rt *rapid.T) {
	n := 0
	for e := range m.x.All() {
		n++
		o, ok := m.known[[2]string{e.Namespace(), e.Name()}]
		if !ok || e.UID() != o.uid || e.RV() != o.rv || e.Words()[0] != o.word || e.Words()[1] != ^o.word || e.Seen() != o.seen {
			rt.Fatalf("%s/%s has %q %q %d %v, want %+v", e.Namespace(), e.Name(), e.UID(), e.RV(), e.Words(), e.Seen(), o)
		}
		if at, ok := m.x.Get(e.Namespace(), e.Name()); !ok || at != e {
			rt.Fatalf("%s/%s is not found", e.Namespace(), e.Name())
		}
	}
	if n != len(m.known) || m.x.Len() != n {
		rt.Fatalf("%d entries, length %d, want %d", n, m.x.Len(), len(m.known))
	}
}

func TestIndexAgainstAMap(t *testing.T) {
	uids := rapid.SampledFrom([]string{"", "u", "6e2b0ab2-0b9c-4b8e-9d0a-0123456789ab", "6e2b0ab2-0b9c-4b8e-9d0a-0123456789ac", "not-a-uuid-but-longer-than-sixteen"})
	versions := rapid.SampledFrom([]string{"", "1", "18446744073709551615", "v1", "v2", "007"})
	rapid.Check(t, func(rt *rapid.T) {
		m := &indexModel{x: NewIndex(2), known: map[[2]string]modelObject{}}
		rt.Repeat(map[string]func(*rapid.T){
			"put":    func(rt *rapid.T) { m.put(m.many(rt), uids.Draw(rt, "uid"), versions.Draw(rt, "rv")) },
			"remove": func(rt *rapid.T) { m.remove(m.many(rt)) },
			"get": func(rt *rapid.T) {
				key := m.many(rt)
				if _, ok := m.x.Get(key[0], key[1]); ok != (m.known[key] != modelObject{}) {
					rt.Fatalf("%v is known: %v", key, ok)
				}
			},
			"rise": func(rt *rapid.T) {
				from, uid, rv := rapid.IntRange(0, 3000).Draw(rt, "from"), uids.Draw(rt, "uid"), versions.Draw(rt, "rv")
				for n := range rapid.IntRange(0, 2000).Draw(rt, "count") {
					m.put(m.key(from+n), uid, rv)
				}
			},
			"fall": func(rt *rapid.T) { // all but some
				keep := rapid.IntRange(2, 2000).Draw(rt, "keep one of")
				keys := slices.SortedFunc(maps.Keys(m.known), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
				for i, key := range keys {
					if i%keep != 0 {
						m.remove(key)
					}
				}
			},
			"snapshot": func(rt *rapid.T) {
				if rapid.IntRange(0, 9).Draw(rt, "wrap") == 0 {
					m.x.epoch = 65535
				}
				m.x.Begin()
				shown := rapid.IntRange(1, 4).Draw(rt, "show one of")
				i := 0
				for e := range m.x.All() {
					if i++; i%shown == 0 {
						e.SetSeen()
					}
				}
				for key, o := range m.known {
					e, _ := m.x.Get(key[0], key[1])
					o.seen = e.Seen()
					m.known[key] = o
				}
			},
			"sweep": func(rt *rapid.T) {
				before := [2]string{}
				m.x.Sweep(func(e Entry) {
					key := [2]string{e.Namespace(), e.Name()}
					o, ok := m.known[key]
					if !ok || o.seen || e.UID() != o.uid || e.RV() != o.rv || e.Words()[0] != o.word {
						rt.Fatalf("swept %v, which is %+v", key, o)
					}
					if slices.Compare(before[:], key[:]) > 0 {
						rt.Fatalf("%v is told after %v", key, before)
					}
					before = key
					delete(m.known, key)
					if _, ok := m.x.Get(key[0], key[1]); ok || m.x.Len() != len(m.known) {
						rt.Fatalf("%v is still there", key)
					}
				})
				for key, o := range m.known {
					if !o.seen {
						rt.Fatalf("%v was not swept", key)
					}
				}
			},
			"hand over": func(*rapid.T) { // to another index, by way of seeds
				y := NewIndex(2)
				for e := range m.x.All() {
					at := y.Put(e.Namespace(), e.Name(), e.UID(), e.RV())
					copy(at.Words(), e.Words())
					if e.Seen() {
						continue
					}
					at.record().epoch = ^uint16(0)
				}
				m.x = y
			},
			"": m.check,
		})
	})
}
