package tree

import "fmt"

const C, c = 1, 2

var V, v = 1, 2

type (
	T int
	S struct {
		Field, field int
		T
		*below
	}
	I interface {
		fmt.Stringer
		M()
		m()
	}
	InTest            = T
	Generic[A, B any] struct{ a A }
	below             struct{ Hidden int }
)

func (g *Generic[A, B]) Method() {}

func (below) Method() {}

func f() {}
