package wire

// jsonEvent walks over an event of a watch as an API server writes it.
type jsonEvent struct {
	typ    EventType
	object jsonObject
	at, to int // where the object is
}

// walk returns where the event ends that b begins with. Errors and unknown events are odd, and so is what newFrame
// refuses.
func (e *jsonEvent) walk(b []byte) int {
	e.typ, e.at, e.to = Unknown, 0, 0
	i := 1
	for first := true; ; first = false {
		name, at := jsonMember(b, i, first)
		if at < 0 {
			return at
		}
		switch string(name) {
		case "type":
			if e.typ != Unknown {
				return jsonOdd
			}
			i = e.readType(b, at)
		case "object":
			if e.to != 0 {
				return jsonOdd
			}
			i = e.object.walk(b, at)
			e.at, e.to = at, i
		default:
			if name == nil {
				return e.checked(at)
			}
			i = e.object.passed.value(b, at)
		}
		if i < 0 {
			return i
		}
	}
}

func (e *jsonEvent) readType(b []byte, i int) int {
	if b[i] != '"' {
		return jsonOdd
	}
	end, _ := jsonString(b, i+1)
	if end < 0 {
		return end
	}
	if e.typ = eventType(alias(b[i+1 : end])); e.typ == Unknown || e.typ == Error {
		return jsonOdd
	}
	return end + 1
}

func (e *jsonEvent) checked(end int) int {
	if e.typ == Unknown || e.to == 0 || e.object.meta.Name == "" && e.typ != Bookmark {
		return jsonOdd
	}
	return end
}

// frame is a copy of the event's object, which may lose its managedFields.
func (e *jsonEvent) frame(b []byte, cut bool) *Frame {
	return e.object.frame(e.typ, b, e.at, e.to, cut)
}
