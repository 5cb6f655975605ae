package queue

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// model is what a Queue is to do, said in the simplest way: of each object it
// keeps the log of all events since the last call that did not fail, and finds
// out from that log what the next call has to be. It knows nothing of lanes that
// take turns, heaps and timers; what may start and what must have started is
// checked from outside.
type model struct {
	opts  Options
	limit Limit[string]
	keys  map[Key]*modelKey
	owed  map[Key]owed // what calls that were dropped or given up left unsaid
}

// owed is an Added that was not said.
type owed struct {
	uid   string
	first bool
}

type modelKey struct {
	units  []*unit
	run    *unit     // the first of units, or one that was dropped
	failed time.Time // when a call failed last
	urged  time.Time // when a new generation makes work due, or made it last
	heard  news      // while the call runs
	echo   bool      // the retry was brought forward right after the failure
	echoes int       // how often in a row it was
}

// unit is the work of one call and of its retries.
type unit struct {
	uid      string
	log      []entryOf
	ran      int // running: how much of log the call tells of
	attempts int
	due      time.Time
	wait     wait
	spared   int  // attempts that do not count towards MaxAttempts
	renewed  bool // something came since the first attempt
	gen      int64
	out      bool // the last event was Deleted or Left
	dropped  bool
	base     *bool // said by a call that was no call (Drop)
	before   any   // and how the object was then
	first    bool  // and so was that it began with the initial list
	unsaid   *owed // what a call before left unsaid
	latest   Event[string]
	merged   bool // InOrder: no event's alone
	ranSlim  bool // running: and read again
}

// entryOf is an event in a log.
type entryOf struct {
	Event[string]
	at     time.Time
	counts bool // as one of the events of the call
	old    bool // before it was parked
}

func newModel(o Options, l Limit[string]) *model {
	return &model{opts: o, limit: l, keys: make(map[Key]*modelKey), owed: make(map[Key]owed)}
}

// typ, and the rest of what a call says, from the log.
func (u *unit) typ(inOrder bool) EventType {
	t := u.told(inOrder)
	if u.unsaid != nil && !t.out() {
		return Added
	}
	return t
}

// told is the type without what an earlier call left unsaid.
func (u *unit) told(inOrder bool) EventType {
	if inOrder && !u.merged {
		return u.log[0].Type
	}
	base, touched, last := false, false, Added
	for _, e := range u.log {
		if e.Type == Unchanged {
			continue
		}
		if e.Passed && !touched {
			base, touched = e.Was, true
		}
		last = e.Type
	}
	if u.base != nil {
		base = *u.base
	}
	switch {
	case !touched:
		return Unchanged
	case last.out():
		return last
	case base:
		return Modified
	}
	return Added
}

func (u *unit) call(k Key, inOrder bool) string {
	c := Call[string]{Key: k, UID: u.uid, Type: u.typ(inOrder), Bare: true, Attempt: u.attempts + 1}
	s := stateOf(u.log)
	c.Payload, c.Bare = s.Payload, s.Bare
	for _, e := range u.log {
		if e.counts {
			c.Merged++
			if c.Received.IsZero() || e.at.Before(c.Received) {
				c.Received = e.at
			}
		}
	}
	c.Initial = u.began() && c.Type == Added
	c.Before = u.wasBefore(c.Type)
	c.Merged = max(c.Merged-1, 0)
	return tell(c)
}

// began says whether the Added that the call reports, if it does, is of the initial list.
func (u *unit) began() bool {
	switch {
	case u.unsaid != nil:
		return u.unsaid.first
	case u.base != nil:
		return u.first
	}
	for _, e := range u.log {
		if e.Passed && e.Type != Unchanged {
			return e.Initial && !e.Was
		}
	}
	return false
}

// wasBefore is how the object was before the first event that a type tells of.
func (u *unit) wasBefore(t EventType) any {
	if t == Added || t == Unchanged {
		return nil
	}
	if u.base != nil {
		return u.before
	}
	for _, e := range u.log {
		if e.Passed && e.Type != Unchanged {
			return e.Before
		}
	}
	return nil
}

func tell(c Call[string]) string {
	return fmt.Sprintf("%s uid=%s received=%s", describe(c), c.UID, c.Received.Format("05.000000000"))
}

// backlog: nothing but the initial list.
func (u *unit) backlog() bool {
	for _, e := range u.log {
		if e.counts && !e.Initial {
			return false
		}
	}
	return true
}

func (k *modelKey) backlog() bool { return k.units[0].backlog() && k.units[len(k.units)-1].backlog() }

// of is the latest unit of a UID.
func (k *modelKey) of(uid string) *unit {
	if len(k.units) > 0 && same(k.units[len(k.units)-1].uid, uid) {
		return k.units[len(k.units)-1]
	}
	return nil
}

func (m *model) add(e Event[string], now time.Time) {
	if o, ok := m.owed[e.Key]; ok && (!same(o.uid, e.UID) || e.Type.out()) {
		delete(m.owed, e.Key)
	}
	k := m.keys[e.Key]
	if k == nil {
		if !e.Passed {
			return
		}
		k = &modelKey{}
		m.keys[e.Key] = k
	}
	defer m.tidy(e.Key)
	for _, u := range k.units { // triggers know no UID: the first to come is theirs
		u.uid = uidOf(u.uid, e.UID)
	}
	u, heard := k.of(e.UID), noNews
	switch {
	case u != nil:
		heard = m.see(k, u, e, now)
	case len(k.units) > 0:
		if h := k.units[0]; k.run != h && (h.wait == waitChange || h.wait == waitRequeue && !h.typ(m.opts.InOrder).out()) {
			k.units = k.units[1:] // another object has its name
		}
	}
	m.fit(k, u, &e)
	entry := entryOf{Event: e, at: now, counts: e.Passed}
	switch {
	case e.Passed:
		m.pass(k, u, entry, heard, now)
	case u == nil:
	case e.Type.out():
		if taken := k.taken(e.UID); taken.out() {
			if !m.opts.InOrder {
				entry.Type = taken
				u.add(entry)
			}
			return
		}
		for _, u := range k.units {
			u.dropped = u.dropped || same(u.uid, e.UID)
		}
		k.units = slices.DeleteFunc(k.units, func(u *unit) bool { return u.dropped })
	case m.opts.InOrder:
		if u.log[0].Type == Unchanged && !u.merged && k.run != u {
			u.add(entry)
			u.latest = Event[string]{}
		} else {
			u.latest = e
		}
	case u.wait == waitChange:
		entry.Payload, entry.Bare, entry.keyOnly = "", true, false
		u.add(entry)
	default:
		u.add(entry)
	}
}

// taken is the type of the last event of a UID that passed and is not handled.
func (k *modelKey) taken(uid string) (t EventType) {
	for _, u := range k.units {
		for _, e := range u.log {
			if same(u.uid, uid) && e.Passed && e.Type != Unchanged && !e.old {
				t = e.Type
			}
		}
	}
	return t
}

// add makes an event part of the work.
func (u *unit) add(e entryOf) {
	u.log = append(u.log, e)
	if e.Type != Unchanged {
		u.out = e.Type.out()
	}
}

// pass takes an event that passed.
func (m *model) pass(k *modelKey, u *unit, e entryOf, heard news, now time.Time) {
	if m.opts.InOrder {
		triggers, joins := m.hosts(k, u, e.Event)
		switch {
		case triggers:
		case joins:
			u.merged = true
			if e.Type != Unchanged || !e.Bare {
				u.latest = Event[string]{}
			}
		default:
			if u != nil && u.wait == waitRequeue {
				k.units = k.units[:len(k.units)-1]
			}
			if u != nil {
				e.UID = uidOf(e.UID, u.uid)
			}
			k.units = append(k.units, m.says(e.Key, &unit{uid: e.UID, log: []entryOf{e}, due: now, gen: genOf(e.Generation, u), out: outOf(e.Type, u)}))
			return
		}
	}
	if u == nil {
		k.units = append(k.units, m.says(e.Key, &unit{uid: e.UID, log: []entryOf{e}, due: now, gen: e.Generation, out: e.Type.out()}))
		return
	}
	switch u.wait {
	case waitChange:
		u.restart()
		for i := range u.log {
			u.log[i].counts = false
		}
		m.revive(k, u, heard, now)
	case waitRequeue:
		u.wait, u.due = waitNone, now
	case waitNone, waitRetry:
	}
	u.add(e)
}

// says has a new unit say what is owed.
func (m *model) says(k Key, u *unit) *unit {
	if o, ok := m.owed[k]; ok {
		u.unsaid, u.uid = &o, uidOf(u.uid, o.uid)
		delete(m.owed, k)
	}
	return u
}

// owes has what follows a call that was dropped or given up say what that did not.
func (m *model) owes(key Key, of *unit, ran unit) {
	if ran.typ(m.opts.InOrder) != Added {
		return
	}
	o := owed{uid: of.uid, first: ran.began()}
	switch k := m.keys[key]; {
	case len(k.units) == 0:
		m.owed[key] = o
	case same(k.units[0].uid, of.uid):
		k.units[0].unsaid = &o
	}
}

func uidOf(uid, other string) string {
	if uid == "" {
		return other
	}
	return uid
}

func outOf(t EventType, u *unit) bool {
	if t == Unchanged {
		return u != nil && u.out
	}
	return t.out()
}

func genOf(gen int64, u *unit) int64 {
	if gen == 0 && u != nil {
		return u.gen
	}
	return gen
}

// startable: its next call is due.
func (m *model) startable(k *modelKey) bool {
	return k.run == nil && len(k.units) > 0 && k.units[0].wait == waitNone
}

// tick ends the waits that are over.
func (m *model) tick(now time.Time) {
	for _, k := range m.keys {
		if k.run != nil || len(k.units) == 0 {
			continue
		}
		u := k.units[0]
		if u.wait == waitRetry || u.wait == waitRequeue {
			u.elapse(now)
		}
	}
}

func (m *model) start(key Key) string {
	k := m.keys[key]
	u := k.units[0]
	k.run, u.ran, k.heard = u, len(u.log), noNews
	u.ranSlim = stateOf(u.log).keyOnly
	return u.call(key, m.opts.InOrder)
}

// tidy forgets a key of which nothing is left.
func (m *model) tidy(key Key) {
	if k := m.keys[key]; k != nil && k.run == nil && len(k.units) == 0 {
		delete(m.keys, key)
	}
}

// counts is what Stats has to say.
func (m *model) counts() Stats {
	s := Stats{Bytes: m.held()}
	for _, k := range m.keys {
		waiting := len(k.units)
		if k.run != nil {
			s.Running++
			if len(k.units) > 0 && k.units[0] == k.run {
				waiting--
				if !m.opts.InOrder && slices.ContainsFunc(k.run.log[k.run.ran:], func(e entryOf) bool { return e.Passed }) {
					waiting++
				}
			}
		} else if len(k.units) > 0 {
			switch k.units[0].wait {
			case waitRetry:
				s.Retrying++
				waiting--
			case waitRequeue:
				s.Requeued++
				waiting--
			case waitChange:
				s.Parked++
				waiting--
			case waitNone:
			}
		}
		s.Waiting += waiting
	}
	return s
}

func (m *model) String() string {
	var b strings.Builder
	for key, k := range m.keys {
		fmt.Fprintf(&b, "%s running %v:", key, k.run != nil)
		for _, u := range k.units {
			fmt.Fprintf(&b, " [%s wait %d due %s]", u.call(key, m.opts.InOrder), u.wait, u.due.Format("05.000"))
		}
		b.WriteString("\n")
	}
	return b.String()
}
