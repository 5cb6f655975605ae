package capability

import "fmt"

// lend makes each reader one binding's own.
func (p *program) lend(d *declaration) (flaws []flaw) {
	for _, r := range d.spec.readers {
		switch other := p.readers[r.reader]; other {
		case nil:
			p.readers[r.reader] = d
		case d:
			flaws = append(flaws, flaw{"Cached: one reader is given twice", "give it once"})
		default:
			flaws = append(flaws, flaw{fmt.Sprintf("Cached: the reader is filled by another binding: the one at %s", other.at), "give each binding a Reader of its own"})
		}
	}
	return flaws
}
