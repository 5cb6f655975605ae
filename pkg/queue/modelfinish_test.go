package queue

import (
	"slices"
	"time"
)

// How the model ends calls, see model_test.go.

// finish ends the running call of a key.
func (m *model) finish(key Key, res Result, now time.Time) {
	defer m.tidy(key)
	k := m.keys[key]
	u := k.run
	r, _ := k.parts(u)
	ran := *r
	k.run = nil
	if u.dropped {
		return
	}
	k.units = k.units[1:]
	after := u.log[u.ran:]
	told := slices.Clone(u.log[:u.ran])
	passed := slices.ContainsFunc(after, func(e entryOf) bool { return e.Passed })
	if m.opts.InOrder {
		passed = len(k.units) > 0 && same(k.units[0].uid, u.uid)
	}
	switch res.Outcome {
	case Done, Drop:
		if res.Outcome == Done {
			k.echo, k.echoes = false, 0
		}
		if !m.opts.InOrder && passed {
			base, before, first := u.base, u.before, u.first
			u.resume(after)
			if res.Outcome == Drop && u.typ(false) != Unchanged {
				u.asBefore(told, base, before, first)
			}
			u.due = now
			k.units = append([]*unit{u}, k.units...)
		}
		if res.Outcome == Drop {
			m.owes(key, u, ran)
		}
	case Requeue:
		m.requeue(k, u, told, passed, res.After, now)
	default:
		if !m.failed(k, u, passed, res, now) {
			if m.opts.InOrder {
				m.owes(key, u, ran)
			}
			return
		}
		k.units = append([]*unit{u}, k.units...)
	}
}

// resume begins the work with the events that came while the call ran; before the first that
// passed there was none.
func (u *unit) resume(after []entryOf) {
	i := slices.IndexFunc(after, func(e entryOf) bool { return e.Passed })
	u.restart()
	u.log, u.base, u.before, u.first, u.unsaid = slices.Clone(after[i:]), nil, nil, false, nil
}

// asBefore compares with what the call would have been compared with.
func (u *unit) asBefore(told []entryOf, base *bool, before any, first bool) {
	for _, e := range told {
		if e.Passed && e.Type != Unchanged {
			if base == nil {
				was := e.Was
				base, before, first = &was, e.Before, e.Initial && !e.Was
			}
			u.base, u.before, u.first = base, before, first
			return
		}
	}
}

func (m *model) requeue(k *modelKey, u *unit, told []entryOf, passed bool, after time.Duration, now time.Time) {
	if passed && m.opts.InOrder {
		return
	}
	if passed {
		u.resume(u.log[u.ran:])
		u.due = now
		k.units = append([]*unit{u}, k.units...)
		return
	}
	e := entryOf{Event: Event[string]{Type: Unchanged, Bare: true, Passed: true}, at: now.Add(after)}
	t := u.typ(m.opts.InOrder)
	before := (&unit{log: told, base: u.base, merged: u.merged, unsaid: u.unsaid}).typ(m.opts.InOrder)
	if t.out() && before.out() {
		e.Type = t
	} else if len(k.units) > 0 {
		return
	}
	had := stateOf(u.log)
	if m.opts.InOrder && u.latest.Type != "" {
		had = u.latest
	}
	e.Payload, e.Bare, e.keyOnly = had.Payload, had.Bare, had.keyOnly
	next := &unit{uid: u.uid, log: []entryOf{e}, wait: waitRequeue, due: now.Add(after), gen: u.gen, out: u.out}
	if k.heard == renewal {
		next.sooner(k.urge(now, m.opts.Backoff.Min))
	}
	next.elapse(now)
	k.units = append([]*unit{next}, k.units...)
}
