package capability

import (
	"fmt"

	"github.com/ancho-dev/ancho/internal/declare"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// OptionalSource is a kind or a selection that the API server need not serve, see [Optional]. Pass it to Owns, Uses
// and Mapped.
type OptionalSource[S kind.Object] struct {
	of kind.Source[S]
}

// Optional marks a kind or a selection for Owns, Uses and TriggeredBy that the API server need not serve. While the
// server does not serve it, because its CRD is not installed, the binding runs without it. Once it is served, the
// binding includes it, and existing objects trigger as new ones do. If it is removed later, the deletion of its
// objects triggers, and the binding continues. A kind that the program is forbidden to watch still blocks the binding,
// as without Optional.
func Optional[S kind.Object](source kind.Source[S]) OptionalSource[S] {
	return OptionalSource[S]{of: source}
}

// Resource is the resource of the kind; the zero value where there is none.
func (o OptionalSource[S]) Resource() kind.Resource {
	if o.of == nil {
		return kind.Resource{}
	}
	return o.of.Resource()
}

// New returns an empty object of the kind; the zero value where there is none.
func (o OptionalSource[S]) New() (obj S) {
	if o.of == nil {
		return obj
	}
	return o.of.New()
}

// source is what triggers. It is wrong where there is neither a kind nor a selection.
func (o OptionalSource[S]) source() *declare.Declaration {
	var d *declare.Declaration
	switch s := o.of.(type) {
	case kind.Kind[S]:
		d = When(s).source()
	case Selection[S]:
		d = s.source()
	default:
		d = When(kind.Kind[S]{}).source()
		d.Spec.Wrong(fmt.Sprintf("Optional of a %T", o.of), "give a kind or a selection")
	}
	d.Optional = true
	return d
}
