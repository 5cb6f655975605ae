package wire

// jsonPassed passes over values that are of no interest. When it is asked again because bytes were missing, it goes
// on where they ended, and does not look again at what it passed before.
type jsonPassed struct {
	open  jsonBrackets // is in the object or array
	at    int          // that begins here; 0, where no value begins, if in none
	known int
	done  [4]struct{ from, to int } // large ones, known of them
}

// jsonLarge is what is worth to be remembered.
const jsonLarge = 512

// reset forgets what was passed.
func (p *jsonPassed) reset() { p.known, p.at = 0, 0 }

// value returns where the value ends that begins at i.
func (p *jsonPassed) value(b []byte, i int) int {
	if b[i] != '{' && b[i] != '[' {
		return jsonScalar(b, i)
	}
	for k := range p.done[:p.known] {
		if p.done[k].from == i {
			return p.done[k].to
		}
	}
	var s jsonBrackets
	if p.at == i {
		s = p.open
	}
	n := s.end(b[i:])
	if n < 0 {
		p.at, p.open = i, s
		return n
	}
	if n >= jsonLarge && p.known < len(p.done) {
		p.done[p.known].from, p.done[p.known].to = i, i+n
		p.known++
	}
	return i + n
}
