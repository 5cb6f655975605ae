package machine

import (
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/index"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// beginSnapshot makes a snapshot, read again for this reason, the next request. Attempts that are refused and made
// again do not count as more.
func (m *machine) beginSnapshot(why report.Reason) {
	m.why = why
	m.o.Observer.Relist(why)
	m.prepareSnapshot()
}

// prepareSnapshot makes a snapshot the next request; nothing was seen in it yet.
func (m *machine) prepareSnapshot() {
	m.index.Begin()
	m.incomplete, m.tries, m.wanted = false, 0, ""
	m.proof = proof{twice: m.proof.twice}
	m.pages = pages{whole: m.pages.whole}
	m.next = askSnapshot
	if m.polling || m.listOnly || m.server.WatchListRefused(m.target.Resource) {
		m.next = askList
	}
}

// finish ends a snapshot: what it did not show is gone (rule 6: only now), and rv is where the watch begins.
func (m *machine) finish(rv string) {
	m.sweep(rv)
	if m.refused {
		m.server.RefuseWatchList(m.target.Resource) // 4, 5: the list works, so it was not the server as such
	}
	relist := m.comparing()
	m.rv, m.next, m.heard = rv, askWatch, time.Now()
	m.listOnly, m.refused, m.tries, m.pages = false, false, 0, pages{}
	m.synced, m.gone, m.proof = true, false, proof{}
	m.publish()
	m.handler.Synced(rv, relist)
}

// comparing says whether the snapshot is compared with something, or the first of all.
func (m *machine) comparing() bool { return m.synced || m.seeded }

// sweep reports the deletions that the snapshot, which is of rv, implies, in the order of their keys.
func (m *machine) sweep(rv string) {
	if m.incomplete {
		m.o.Logger.Info("deletions are not looked for: the snapshot held something that cannot be identified",
			"target", m.target.String())
		return
	}
	m.index.Sweep(func(e index.Entry) {
		m.bury(e.UID(), rv)
		m.handler.Handle(report.Missing(e, m.target.Ambiguous()))
	})
}

// lose prepares for a resource that is not served: when it is served again, the known objects are compared with a
// snapshot. After no version of it was served for long enough they are deleted, as the server deletes them with their
// definition (rule 41).
func (m *machine) lose(gone bool) {
	again := m.why == report.ReasonReturned // it was not served the last time either
	m.polling, m.listOnly, m.refused = false, false, false
	if gone {
		m.gone, m.incomplete = true, false
		m.index.Begin()
		m.index.Sweep(func(e index.Entry) { m.handler.Handle(report.Missing(e, false)) })
	}
	if again {
		m.prepareSnapshot()
		return
	}
	m.beginSnapshot(report.ReasonReturned)
}

// drop takes the entry of a Gone out of the index while the handler hears of it.
func (m *machine) drop(d report.Delta) {
	m.index.Drop(d.Entry, func() { m.handler.Handle(d) })
}

// deliver compares an object with the index and tells the handler what is new. It returns false if nothing is.
func (m *machine) deliver(ask request, f *wire.Frame) bool {
	live := ask == askWatch
	m.live = live
	if !live && f.Type != wire.Deleted {
		m.proof.shown++
	}
	var why report.Reason
	if f.Type == wire.Deleted {
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
func (m *machine) present(live bool, f *wire.Frame) report.Reason {
	meta := &f.Meta
	e, known := m.index.Get(meta.Namespace, meta.Name)
	if known && !e.HasUID(meta.UID) {
		if live && e.Compare(meta.ResourceVersion) == index.OrderBehind || m.replayed(live, meta) {
			return report.ReasonReplayed // of the object that had the name before
		}
		m.bury(e.UID(), meta.ResourceVersion)
		m.drop(report.Replaced(e, !live)) // 19
		known = false
	}
	if !known {
		return m.appeared(live, f)
	}
	// Within a snapshot an object is compared by equality, as its resourceVersion may have gone back; once
	// shown, and in a watch, only what is above counts (20, 27).
	ordered := live || e.Seen()
	if !e.Seen() {
		m.proof.kept++
	}
	e.SetSeen()
	switch o := e.CompareState(f); {
	case o == index.OrderSame && !live && e.Reread(f):
		m.handler.Handle(report.Delta{Kind: report.Upsert, Frame: f, Entry: e, Initial: !m.comparing(), Relist: m.comparing(), Reread: true})
		return ""
	case o == index.OrderSame && !live:
		return report.ReasonUnchanged
	case o == index.OrderSame, ordered && o == index.OrderBehind:
		return report.ReasonReplayed
	}
	e.SetState(f)
	m.upsert(live, f, e, false)
	return ""
}

// appeared is told of an object that is not known.
func (m *machine) appeared(live bool, f *wire.Frame) report.Reason {
	if m.replayed(live, &f.Meta) {
		return report.ReasonReplayed // 27
	}
	if live && f.Type != wire.Added && m.passed(f.Meta.ResourceVersion) {
		return report.ReasonReplayed // 27: it was deleted since. One that is ADDED may have become visible only now.
	}
	e := m.index.Add(f.Meta.Namespace, f.Meta.Name, f.Meta.UID)
	e.SetSeen()
	e.SetState(f)
	m.upsert(live, f, e, true)
	return ""
}

func (m *machine) upsert(live bool, f *wire.Frame, e index.Entry, isNew bool) {
	m.handler.Handle(report.Delta{
		Kind: report.Upsert, Frame: f, Entry: e, New: isNew, Initial: !m.comparing(), Relist: !live && m.comparing(),
	})
}

// deleted takes a DELETED event. One without a UID is about the object that has the name.
func (m *machine) deleted(live bool, f *wire.Frame) report.Reason {
	meta := &f.Meta
	if !live {
		m.bury(meta.UID, meta.ResourceVersion) // also of an object that the snapshot shows only later
	}
	e, known := m.index.Get(meta.Namespace, meta.Name)
	if !known {
		return report.ReasonUnknownGone
	}
	behind := (live || e.Seen()) && e.Compare(meta.ResourceVersion) == index.OrderBehind
	switch {
	case behind:
		return report.ReasonReplayed
	case meta.UID == "" && !e.HasUID(""):
		m.bury(e.UID(), e.LaterRV(meta.ResourceVersion))
		d := report.Missing(e, m.target.Ambiguous())
		d.Relist = !live && m.comparing()
		m.drop(d)
	case !e.HasUID(meta.UID):
		// The name was another object's in between, of which no event came: ours was deleted before that one.
		if e.Compare(meta.ResourceVersion) != index.OrderAhead {
			return report.ReasonReplayed
		}
		m.bury(meta.UID, meta.ResourceVersion)
		m.bury(e.UID(), meta.ResourceVersion)
		m.drop(report.Replaced(e, !live))
	default:
		m.bury(meta.UID, e.LaterRV(meta.ResourceVersion))
		m.drop(report.Delta{Kind: report.Gone, Entry: e, Frame: f, Relist: !live && m.comparing(), Initial: !m.comparing(), Ambiguous: m.target.Ambiguous()})
	}
	return ""
}

// bury remembers that an object was reported deleted: events of it up to rv are replays.
func (m *machine) bury(uid, rv string) {
	if m.index.Bury(uid, rv, !m.live) {
		m.o.Observer.Forgot()
	}
}

// replayed says whether a state is one of an object that was reported deleted. A snapshot that shows it all the same may
// be right, which is known when it is complete.
func (m *machine) replayed(live bool, meta *wire.Meta) bool {
	at, replayed := m.index.Replayed(meta.UID, meta.ResourceVersion)
	if replayed && !live && at.Earlier {
		m.proof.ghost(meta.UID, at.RV())
	}
	return replayed
}
