package queue

import "slices"

// code stands for an event type, or for a Via, in one byte.
type code uint8

const (
	codeNone code = iota
	codeAdded
	codeModified
	codeDeleted
	codeLeft
	codeUnchanged

	codeWatch
	codeRequeue
	codeRetry
)

// codeOf gives the code of an event type. What is none of them says nothing of the object.
func codeOf(t EventType) code {
	switch t {
	case Added:
		return codeAdded
	case Modified:
		return codeModified
	case Deleted:
		return codeDeleted
	case Left:
		return codeLeft
	case Unchanged:
	}
	return codeUnchanged
}

func (c code) typ() EventType {
	switch c {
	case codeAdded:
		return Added
	case codeModified:
		return Modified
	case codeDeleted:
		return Deleted
	case codeLeft:
		return Left
	default:
		return Unchanged
	}
}

func (c code) via() Via {
	switch c {
	case codeRequeue:
		return ViaRequeue
	case codeRetry:
		return ViaRetry
	default:
		return ViaWatch
	}
}

// cause is a Cause in little room: most come from the object of the call itself, and its names are its key's. The
// zero value is none.
type cause struct {
	typ, via code
	other    *Cause // where it comes from something else
}

func causeOf[P any](e *Event[P]) cause {
	if e.Cause == (Cause{}) {
		return cause{typ: codeOf(e.Type), via: codeWatch}
	}
	other := e.Cause
	return cause{via: codeWatch, other: &other}
}

// tell gives the cause as the handler is told it, for an object of that kind and name.
func (c *cause) tell(kind, name string) Cause {
	switch {
	case c.other != nil:
		return *c.other
	case c.via == codeWatch:
		return Cause{Type: c.typ.typ(), Via: ViaWatch, Kind: kind, Name: name}
	}
	return Cause{Type: c.typ.typ(), Via: c.via.via(), Name: name}
}

// reasons are the causes of an item, oldest first.
func (it *item[P]) reasons() []cause {
	switch {
	case it.extras != nil && len(it.extras.causes) > 0:
		return it.extras.causes
	case it.why == cause{}:
		return nil
	}
	return []cause{it.why}
}

// tell gives the last MaxCauses, in memory of their own.
func (it *item[P]) tell(kind string, k Key) []Cause {
	if it.extras == nil || len(it.extras.causes) == 0 {
		if (it.why == cause{}) {
			return nil
		}
		return []Cause{it.why.tell(kind, k.String())}
	}
	all := it.extras.causes[max(0, len(it.extras.causes)-MaxCauses):]
	out, name := make([]Cause, len(all)), k.String()
	for i := range all {
		out[i] = all[i].tell(kind, name)
	}
	return out
}

// addCause adds a reason; of the retries the last is kept. There may be more than MaxCauses, so that not every
// addition has to move them.
func (it *item[P]) addCause(c cause) {
	all := it.reasons()
	if all == nil {
		it.why = c
		return
	}
	if c.via == codeRetry {
		all = slices.DeleteFunc(all, func(c cause) bool { return c.via == codeRetry })
	}
	if len(all) == 2*MaxCauses {
		all = all[:copy(all, all[len(all)-MaxCauses+1:])]
	}
	all = append(all, c)
	it.extra().causes = all
}
