package queue

import (
	"slices"
	"time"
)

// poolModel is what a Pool is to do, said in the simplest way: one list of all that is not done, and the log of
// the events of each. It borrows from the model of the Queue what a call says of its log.
type poolModel struct {
	opts  Options
	limit Limit[string]
	all   []*poolUnit // in the order in which they came, or came again
	last  map[identity]EventType
	owed  map[identity]owed // what calls that were dropped or given up left unsaid
	said  map[identity]bool // a call has succeeded meanwhile
	came  int               // units
	known map[identity]*poolKnown
}

// poolKnown is what is known of an object that has calls.
type poolKnown struct {
	modelKey      // urged alone
	unit     unit // gen and out alone
}

type poolUnit struct {
	unit
	id      identity
	running bool
	heard   news      // while it ran
	failed  time.Time // when its wait began
	number  int       // in which it came
	open    bool      // it has neither entered its callback nor ended, and later ones of its object wait for that
}

func newPoolModel(o Options, l Limit[string]) *poolModel {
	return &poolModel{
		opts: o, limit: l, last: make(map[identity]EventType), known: make(map[identity]*poolKnown),
		owed: make(map[identity]owed), said: make(map[identity]bool),
	}
}

// of gives the units of an object that wait, running ones apart.
func (m *poolModel) of(id identity) (waiting, running []*poolUnit) {
	for _, u := range m.all {
		switch {
		case u.id != id || u.dropped:
		case u.running:
			running = append(running, u)
		default:
			waiting = append(waiting, u)
		}
	}
	return waiting, running
}

func (m *poolModel) add(e Event[string], now time.Time) {
	id := identity{key: e.Key, uid: e.UID}
	known := m.knows(id)
	if known {
		m.see(id, e, now)
	}
	waiting, running := m.of(id)
	if !e.Passed && e.Type.out() {
		delete(m.owed, id)
	}
	switch {
	case !e.Passed && known && e.Type.out() && !m.last[id].out():
		for _, u := range append(waiting, running...) {
			u.dropped = true
		}
		m.all = slices.DeleteFunc(m.all, func(u *poolUnit) bool { return u.dropped && !u.running })
		return
	case !e.Passed:
		return
	case !known:
		m.known[id], m.last[id] = &poolKnown{unit: unit{gen: e.Generation, out: e.Type.out()}}, ""
		m.said[id] = false
	}
	if e.Type != Unchanged {
		m.last[id] = e.Type
	}
	host := m.host(waiting)
	held := m.bytes()
	if host != nil {
		held -= m.weight(host) - m.limit.Weight("", host.heldBefore())
	}
	reads := slices.ContainsFunc(m.all, func(u *poolUnit) bool { return u.id == id && u.running && u.ranSlim })
	if m.limit.Budget > 0 && !e.Bare && (held >= m.limit.Budget || reads) {
		e.Payload, e.keyOnly = m.limit.KeyOnly(e.Payload), true
	}
	entry := entryOf{Event: e, at: now, counts: true}
	if host == nil {
		m.came++
		u := &poolUnit{id: id, unit: unit{uid: e.UID, log: []entryOf{entry}, due: now}, number: m.came, open: true}
		if o, ok := m.owed[id]; ok {
			u.unsaid = &o
			delete(m.owed, id)
		}
		m.all = append(m.all, u)
		return
	}
	host.merged = true
	host.log = append(host.log, entry)
	if host.wait == waitRequeue {
		host.wait = waitNone
		m.toEnd(host)
	}
}

// knows says whether anything of an object is left, what was dropped while it runs included.
func (m *poolModel) knows(id identity) bool {
	return slices.ContainsFunc(m.all, func(u *poolUnit) bool { return u.id == id })
}

// host is what an event merges with.
func (m *poolModel) host(waiting []*poolUnit) *poolUnit {
	if len(waiting) == 0 {
		return nil
	}
	host := waiting[len(waiting)-1]
	for _, u := range waiting {
		if u.wait == waitNone {
			host = u
		}
	}
	over := m.limit.Budget > 0 && m.bytes() >= m.limit.Budget
	if over || stateOf(host.log).keyOnly {
		return host
	}
	return nil
}

func (m *poolModel) toEnd(u *poolUnit) {
	m.all = append(slices.DeleteFunc(m.all, func(other *poolUnit) bool { return other == u }), u)
}

// pending is when a new generation that came while a call ran makes it due.
func (k *poolKnown) pending(now time.Time) time.Time {
	if now.After(k.urged) {
		k.urged = now
	}
	return k.urged
}

func (m *poolModel) see(id identity, e Event[string], now time.Time) {
	k := m.known[id]
	heard := k.unit.news(e)
	if e.Generation != 0 {
		k.unit.gen = e.Generation
	}
	k.unit.out = e.Type.out()
	waiting, running := m.of(id)
	for _, u := range running {
		u.heard = max(u.heard, heard)
	}
	if heard == renewal {
		k.urge(now, m.opts.Backoff.Min)
	}
	var delayed []*poolUnit
	for _, u := range waiting {
		if u.wait != waitNone {
			delayed = append(delayed, u)
		}
	}
	for _, u := range delayed {
		switch {
		case heard == renewal:
			u.restart()
			u.sooner(k.urged)
		case heard == stir && u.wait == waitRetry:
			u.stir((&modelKey{failed: u.failed}).stirred(now, m.opts.Backoff.Min))
		}
		if u.elapse(now); u.wait == waitNone {
			m.toEnd(u)
		}
	}
}

func (m *poolModel) bytes() (sum int64) {
	for _, u := range m.all {
		sum += m.weight(u)
	}
	return sum
}

func (m *poolModel) weight(u *poolUnit) int64 {
	if m.limit.Budget <= 0 {
		return 0
	}
	s := stateOf(u.log)
	sum := m.limit.Weight(s.Payload, u.heldBefore())
	if !s.keyOnly {
		sum += CallOverhead
	}
	return sum
}

// elapse ends the next delay that is over.
func (m *poolModel) elapse(now time.Time) bool {
	var first *poolUnit
	for _, u := range m.all {
		if u.wait != waitNone && !u.due.After(now) && (first == nil || u.due.Before(first.due)) {
			first = u
		}
	}
	if first == nil {
		return false
	}
	first.elapse(now)
	m.toEnd(first)
	return true
}

// held says whether an earlier unit of the object has to enter its callback before this one starts.
func (m *poolModel) held(u *poolUnit) bool {
	return u.open && slices.ContainsFunc(m.all, func(other *poolUnit) bool {
		return other.id == u.id && other.open && other.number < u.number
	})
}

// enter says that the running call that says this enters its callback.
func (m *poolModel) enter(call string) {
	for _, u := range m.all {
		if u.running && u.call(u.id.key, true) == call {
			u.open = false
		}
	}
}

// owes has the next unit of the object say what a call that was dropped or given up did not.
func (m *poolModel) owes(u *poolUnit) {
	if u.typ(true) != Added || m.said[u.id] {
		return
	}
	o := owed{uid: u.uid, first: u.began()}
	var next *poolUnit
	for _, other := range m.all {
		if other.id == u.id && other.open && !other.running && (next == nil || other.number < next.number) {
			next = other
		}
	}
	switch {
	case next != nil:
		next.unsaid = &o
	case !m.knows(u.id):
		m.owed[u.id] = o
	}
}

// room says whether a call of a namespace may start. All objects of this model are of one namespace, so hanging calls make
// no room: see TestANamespaceThatHangsStopsNoOther.
func (m *poolModel) room(string) bool { return m.stats().Running < m.opts.Concurrency }

// start starts what is due, as long as there are slots, and gives the calls.
func (m *poolModel) start() (calls []string) {
	for _, u := range m.all {
		if u.running || u.wait != waitNone || m.held(u) || !m.room(u.id.key.Namespace) {
			continue
		}
		u.running, u.heard, u.ranSlim = true, noNews, stateOf(u.log).keyOnly
		calls = append(calls, u.call(u.id.key, true))
	}
	return calls
}

// finish ends the running call that says this.
func (m *poolModel) finish(call string, res Result, now time.Time) {
	i := slices.IndexFunc(m.all, func(u *poolUnit) bool { return u.running && u.call(u.id.key, true) == call })
	u := m.all[i]
	m.all = slices.Delete(m.all, i, i+1)
	u.running = false
	if u.dropped {
		if res.Outcome == Done {
			m.said[u.id] = !u.typ(true).out()
		}
		return
	}
	u.open = u.open && res.Outcome == Postpone
	u.wait, u.due, u.failed = waitRetry, now.Add(res.After), now
	k := m.known[u.id]
	switch res.Outcome {
	case Done:
		m.said[u.id] = !u.typ(true).out()
		return
	case Drop:
		m.owes(u)
		return
	case Requeue:
		m.said[u.id] = !u.typ(true).out()
		heard := u.heard
		u.requeue(now.Add(res.After))
		if heard == renewal {
			u.sooner(k.pending(now))
		}
	default:
		if !m.failed(u, res, now) {
			m.owes(u)
			return
		}
		switch u.heard {
		case renewal:
			u.sooner(k.pending(now))
		case stir:
			u.stir(now.Add(m.opts.Backoff.Min))
		case noNews:
		}
	}
	u.elapse(now)
	m.all = append(m.all, u)
}

// failed says whether a call that failed is made again.
func (m *poolModel) failed(u *poolUnit, res Result, now time.Time) bool {
	if res.Outcome == Postpone {
		return true
	}
	u.attempts++
	if res.Outcome == Conflict {
		u.spared++
	}
	if res.Outcome == Retry || res.Outcome == Conflict {
		u.due = now.Add(m.opts.Backoff.delay(u.attempts, 1))
	}
	over := m.opts.MaxAttempts > 0 && u.attempts-u.spared >= m.opts.MaxAttempts
	switch {
	case res.Outcome == Permanent:
		return false
	case u.heard == renewal, over && (u.renewed || u.heard == stir):
		u.restart()
	case over:
		return false
	}
	return true
}

func (u *poolUnit) requeue(due time.Time) {
	had, t := stateOf(u.log), u.typ(true)
	e := entryOf{Event: Event[string]{Type: Unchanged, Payload: had.Payload, Bare: had.Bare, Passed: true}, at: due}
	e.keyOnly = had.keyOnly
	if t.out() {
		e.Type = t
	}
	u.unit = unit{uid: u.uid, log: []entryOf{e}, wait: waitRequeue, due: due}
}

func (m *poolModel) stats() Stats {
	s := Stats{Bytes: m.bytes()}
	for _, u := range m.all {
		switch {
		case u.running:
			s.Running++
		case u.wait == waitRetry:
			s.Retrying++
		case u.wait == waitRequeue:
			s.Requeued++
		default:
			s.Waiting++
		}
	}
	return s
}
