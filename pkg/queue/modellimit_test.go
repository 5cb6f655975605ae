package queue

import "slices"

// What the model says of the limit, see model_test.go.

// stateOf is the last that a log tells of the object.
func stateOf(log []entryOf) Event[string] {
	s := Event[string]{Bare: true}
	for _, e := range log {
		if e.Type != Unchanged || !e.Bare {
			s = e.Event
		}
	}
	return s
}

// held is the weight of all that waits or runs.
func (m *model) held() int64 {
	if m.limit.Budget <= 0 {
		return 0
	}
	var sum int64
	for _, k := range m.keys {
		for _, u := range k.units {
			ran, waits := m.weights(k, u)
			sum += ran + waits
		}
		if k.run != nil && !slices.Contains(k.units, k.run) {
			ran, _ := m.weights(k, k.run)
			sum += ran
		}
	}
	return sum
}

// parts are what runs of a unit, and what waits; nil: nothing does.
func (k *modelKey) parts(u *unit) (ran, waits *unit) {
	if k.run != u {
		return nil, u
	}
	now := *u
	ran = &now
	if i := slices.IndexFunc(u.log[u.ran:], func(e entryOf) bool { return e.Passed }); i >= 0 {
		ran.log, waits = u.log[:u.ran+i], &unit{log: u.log[u.ran+i:]}
	}
	return ran, waits
}

// weights are those of what runs of a unit, and of what waits.
func (m *model) weights(k *modelKey, u *unit) (ran, waits int64) {
	r, w := k.parts(u)
	return m.weight(r), m.weight(w)
}

func (m *model) weight(u *unit) int64 {
	if u == nil {
		return 0
	}
	s := stateOf(u.log)
	sum := m.limit.Weight(s.Payload, u.heldBefore())
	if !s.keyOnly {
		sum += m.overhead()
	}
	if u.latest.Type != "" {
		sum += m.limit.Weight(u.latest.Payload, nil)
	}
	return sum
}

// heldBefore is what a unit keeps of how the object was, told or not.
func (u *unit) heldBefore() any { return u.wasBefore(Modified) }

func (m *model) overhead() int64 {
	if m.opts.InOrder {
		return CallOverhead
	}
	return 0
}

// hosts says of what a unit makes of an event in order: whether both are triggers, whether it takes the event
// for which there is no room.
func (m *model) hosts(k *modelKey, u *unit, e Event[string]) (triggers, joins bool) {
	if u == nil || k.run == u {
		return false, false
	}
	if u.log[0].Type == Unchanged && !u.merged && e.Type == Unchanged {
		return true, false
	}
	return false, u.wait != waitRequeue && (m.held() >= m.limit.Budget && m.limit.Budget > 0 || stateOf(u.log).keyOnly)
}

// fit makes an event keyOnly for which there is no room beside what it does not replace.
func (m *model) fit(k *modelKey, u *unit, e *Event[string]) {
	if m.limit.Budget <= 0 || e.Bare {
		return
	}
	held := m.held() - m.replaced(k, u, *e)
	if held >= m.limit.Budget || k.run != nil && k.run.ranSlim && same(k.run.uid, e.UID) {
		e.Payload, e.keyOnly = m.limit.KeyOnly(e.Payload), true
	}
}

func (m *model) replaced(k *modelKey, u *unit, e Event[string]) int64 {
	if u == nil {
		return 0
	}
	_, w := k.parts(u)
	if w == nil {
		return 0
	}
	waits := m.weight(w) - m.limit.Weight("", w.heldBefore())
	switch {
	case !m.opts.InOrder:
		if !e.Passed && e.Type.out() {
			return 0
		}
		return waits
	case e.Passed:
		triggers, joins := m.hosts(k, u, e)
		if triggers || joins || u.wait == waitRequeue && k.run != u { // of the last it is gone already
			return waits
		}
	case u.log[0].Type == Unchanged && !u.merged && k.run != u && !e.Type.out():
		return waits
	}
	return 0
}
