package machine

import (
	"context"
	"strings"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/index"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// proof is what a snapshot has shown so far, for the decision whether to believe it (rule 58). Real API servers have sent
// snapshots that were only their end bookmark while objects existed.
type proof struct {
	shown int  // objects in it
	kept  int  // of these, the ones that were known before, by UID
	twice bool // the list that verifies a snapshot is refused: the next one that says the same is believed

	ghosts []string // UIDs in it that were reported deleted
	newest string   // the latest resourceVersion at which one of them was
}

// ghost notes an object that was reported deleted at rv.
func (p *proof) ghost(uid, rv string) {
	p.ghosts = append(p.ghosts, strings.Clone(uid))
	if p.newest == "" || index.Compare(rv, p.newest) == index.OrderAhead {
		p.newest = rv
	}
}

// doubt says what about a snapshot has to be verified.
type doubt struct {
	empty bool // it shows nothing, or nothing that is known
	older bool // it is of an earlier time than the one before
}

// doubts looks at a complete snapshot. A list that shows nothing is doubted only if it deletes something.
func (m *machine) doubts(ask request, rv string) doubt {
	d := doubt{
		empty: ask == askSnapshot && m.proof.shown == 0 || m.proof.kept == 0 && m.index.HasUnseen(),
		older: index.Compare(rv, m.floor()) == index.OrderBehind,
	}
	if m.incomplete { // no deletion follows from it
		d.empty = false
	}
	return d
}

// floor is the resourceVersion below which a snapshot is of an earlier time than what was delivered.
func (m *machine) floor() string {
	if m.synced {
		return m.rv
	}
	return m.proof.newest
}

// believe says whether the snapshot holds. If it is doubtful, one object is listed with the same selectors, over a
// connection of its own; in and end are what came of that where the snapshot does not hold.
func (m *machine) believe(ctx context.Context, ask request, rv string) (in input, end *ending, holds bool) {
	d := m.doubts(ask, rv)
	if d == (doubt{}) || m.proof.twice {
		return m.raise(ask)
	}
	listed, agrees := 0, true
	end, in = m.list(apiclient.OverFresh(ctx), askProof, apiclient.ListParams{Limit: 1}, func(_ *conn, it item) {
		listed++
		agrees = it.frame != nil && m.showed(&it.frame.Meta)
	})
	if end == nil || end.what != gotPage {
		return in, end, false
	}
	in.what, in.streamed = gotProof, ask == askSnapshot
	if d.empty && (!agrees || listed == 0 && end.list.Continue != "") {
		return in, end, false
	}
	if d.older && index.Compare(end.list.ResourceVersion, m.floor()) != index.OrderBehind {
		return in, end, false
	}
	return m.raise(ask)
}

// raise is for a snapshot that holds. Objects in it that were reported deleted exist: it is read again, to report them.
func (m *machine) raise(ask request) (in input, end *ending, holds bool) {
	for _, uid := range m.proof.ghosts {
		m.index.Exhume(uid)
	}
	return input{what: gotProof, ask: ask}, &ending{}, len(m.proof.ghosts) == 0
}

// showed says whether the snapshot showed this object.
func (m *machine) showed(meta *wire.Meta) bool {
	e, known := m.index.Get(meta.Namespace, meta.Name)
	return known && e.HasUID(meta.UID) && e.Seen()
}

// classifyProof: the list contradicts the snapshot, and a list is right where a streamed snapshot is not.
func classifyProof(in input) action {
	if in.streamed {
		return action{do: doFallback, reason: report.ReasonUnconfirmed}
	}
	return action{do: doRelist, reason: report.ReasonUnconfirmed, pause: pauseBackoff, block: in.again > 0}
}

// proofRefused: a second snapshot has to say the same.
func proofRefused() action {
	return action{do: doRelist, reason: report.ReasonUnconfirmed, pause: pauseJitter}
}
