package watcher

import (
	"hash/fnv"
	"strings"
	"time"
)

// beginSnapshot makes a snapshot, read again for this reason, the next request. Attempts that are refused and made
// again do not count as more.
func (m *machine) beginSnapshot(why Reason) {
	m.why = why
	m.o.Observer.Relist(why)
	m.prepareSnapshot()
}

// prepareSnapshot makes a snapshot the next request; nothing was seen in it yet.
func (m *machine) prepareSnapshot() {
	m.index.Begin()
	m.tombs, m.incomplete, m.tries = nil, false, 0
	m.proof.shown, m.proof.kept = 0, 0
	m.pages = pages{whole: m.pages.whole}
	m.next = askSnapshot
	if m.polling || m.listOnly || m.server.WatchListRefused(m.target.Resource) {
		m.next = askList
	}
}

// finish ends a snapshot: what it did not show is gone (rule 6: only now), and rv is where the watch begins.
func (m *machine) finish(rv string) {
	m.sweep()
	if m.refused {
		m.server.RefuseWatchList(m.target.Resource) // 4, 5: the list works, so it was not the server as such
	}
	relist := m.comparing()
	m.rv, m.next, m.heard = rv, askWatch, time.Now()
	m.listOnly, m.refused, m.tombs, m.tries, m.pages = false, false, nil, 0, pages{}
	m.synced, m.proof = true, proof{}
	m.publish()
	m.handler.Synced(rv, relist)
}

// comparing says whether the snapshot is compared with something, or the first of all.
func (m *machine) comparing() bool { return m.synced || m.seeded }

// sweep tells the deletions that the snapshot implies, in the order of their keys.
func (m *machine) sweep() {
	if m.incomplete {
		m.o.Logger.Info("deletions are not looked for: the snapshot held something that cannot be identified",
			"target", m.target.String())
		return
	}
	m.index.Sweep(func(e Entry) {
		m.handler.Handle(Missing(e, m.target.Ambiguous()))
	})
}

// lose prepares for a resource that is not served: when it is served again, the known objects are compared with a
// snapshot. After no version of it was served for long enough they are deleted, as the server deletes them with their
// definition (rule 41).
func (m *machine) lose(gone bool) {
	again := m.why == ReasonReturned // it was not served the last time either
	m.polling, m.listOnly, m.refused = false, false, false
	if gone {
		m.incomplete = false
		m.index.Begin()
		m.index.Sweep(func(e Entry) { m.handler.Handle(Missing(e, false)) })
	}
	if again {
		m.prepareSnapshot()
		return
	}
	m.beginSnapshot(ReasonReturned)
}

// drop takes the entry of a Gone out of the index while the handler hears of it.
func (m *machine) drop(d Delta) {
	m.index.take(d.Entry)
	m.handler.Handle(d)
	m.index.erase(d.Entry)
}

// deliver compares an object with the index and tells the handler what is new. It returns false if nothing is.
func (m *machine) deliver(ask request, f *Frame) bool {
	live := ask == askWatch
	if !live && f.Type != Deleted {
		m.proof.shown++
	}
	var why Reason
	if f.Type == Deleted {
		why = m.deleted(live, f)
	} else {
		why = m.present(live, f)
	}
	if live {
		m.move(f.Meta.ResourceVersion) // 47: also of a deletion. A snapshot is not resumed inside (7).
	}
	if why != "" {
		m.o.Observer.Skipped(why)
	}
	return why == ""
}

// present is told of a state of an object.
func (m *machine) present(live bool, f *Frame) Reason {
	meta := &f.Meta
	e, known := m.index.Get(meta.Namespace, meta.Name)
	if known && !e.HasUID(meta.UID) {
		if live && e.compare(meta.ResourceVersion) == orderBehind {
			return ReasonReplayed // of the object that had the name before
		}
		m.drop(Replaced(e, !live)) // 19
		known = false
	}
	if !known {
		return m.appeared(live, f)
	}
	// Within a snapshot an object is compared by equality, as its resourceVersion may have gone back; once
	// shown, and in a watch, only what is above counts (20, 27).
	ordered := live || e.seen()
	if !e.seen() {
		m.proof.kept++
	}
	e.SetSeen()
	switch o := e.compareState(f); {
	case o == orderSame && !live:
		return ReasonUnchanged
	case o == orderSame, ordered && o == orderBehind:
		return ReasonReplayed
	}
	e.setState(f)
	m.upsert(live, f, e, false)
	return ""
}

// appeared is told of an object that is not known.
func (m *machine) appeared(live bool, f *Frame) Reason {
	if rv, dead := m.tombs[f.Meta.UID]; dead && f.Meta.UID != "" && compare(f.Meta.ResourceVersion, rv) != orderAhead {
		return ReasonReplayed // 27
	}
	if live && m.passed(f.Meta.ResourceVersion) {
		return ReasonReplayed // 27: it has gone since, or the stream would know it
	}
	e := m.index.add(f.Meta.Namespace, f.Meta.Name, f.Meta.UID)
	e.SetSeen()
	e.setState(f)
	m.upsert(live, f, e, true)
	return ""
}

func (m *machine) upsert(live bool, f *Frame, e Entry, isNew bool) {
	m.handler.Handle(Delta{
		Kind: Upsert, Frame: f, Entry: e, New: isNew, Initial: !m.comparing(), Relist: !live && m.comparing(),
	})
}

// deleted is told of a DELETED event.
func (m *machine) deleted(live bool, f *Frame) Reason {
	meta := &f.Meta
	if !live && meta.UID != "" {
		if m.tombs == nil {
			m.tombs = map[string]string{}
		}
		m.tombs[strings.Clone(meta.UID)] = strings.Clone(meta.ResourceVersion)
	}
	e, known := m.index.Get(meta.Namespace, meta.Name)
	if !known {
		return ReasonUnknownGone
	}
	behind := (live || e.seen()) && e.compare(meta.ResourceVersion) == orderBehind
	switch {
	case behind:
		return ReasonReplayed
	case !e.HasUID(meta.UID):
		// The name was another object's in between, which nobody told of: ours went before that one did.
		if e.compare(meta.ResourceVersion) != orderAhead {
			return ReasonReplayed
		}
		m.drop(Replaced(e, !live))
	default:
		m.drop(Delta{Kind: Gone, Entry: e, Frame: f, Relist: !live && m.comparing(), Initial: !m.comparing(), Ambiguous: m.target.Ambiguous()})
	}
	return ""
}

// compareState says where the state in f is, seen from the one that was delivered.
func (e Entry) compareState(f *Frame) order {
	if f.Meta.ResourceVersion != "" {
		return e.compare(f.Meta.ResourceVersion)
	}
	if e.sameContent(contentOf(f)) {
		return orderSame
	}
	return orderUnknown
}

// compare says where rv is, seen from the state that was delivered.
func (e Entry) compare(rv string) order {
	r := e.record()
	n, ok := canonicalNumber(rv)
	if !ok || r.flags&flagNumber == 0 {
		return compare(rv, e.RV())
	}
	switch {
	case n < r.number:
		return orderBehind
	case n > r.number:
		return orderAhead
	default:
		return orderSame
	}
}

// setState notes what was delivered.
func (e Entry) setState(f *Frame) {
	if f.Meta.ResourceVersion == "" {
		e.setContent(contentOf(f))
		return
	}
	e.setRV(f.Meta.ResourceVersion)
}

// contentOf stands in for a resourceVersion that the server does not send (rule 56).
func contentOf(f *Frame) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(f.Raw)
	return h.Sum64()
}
