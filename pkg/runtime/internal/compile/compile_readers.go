package compile

import (
	"fmt"

	"github.com/ancho-dev/ancho/internal/declare"
)

// lend makes each reader one binding's own.
func (p *program) lend(d *declare.Declaration) (flaws []declare.Flaw) {
	for _, r := range d.Spec.Readers {
		switch other := p.readers[r.Reader]; other {
		case nil:
			p.readers[r.Reader] = d
		case d:
			flaws = append(flaws, declare.Flaw{Problem: "Cached: one reader is given twice", Remedy: "give it once"})
		default:
			flaws = append(flaws, declare.Flaw{Problem: fmt.Sprintf("Cached: the reader is filled by another binding: the one at %s", other.At), Remedy: "give each binding a Reader of its own"})
		}
	}
	return flaws
}
