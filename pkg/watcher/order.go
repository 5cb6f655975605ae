package watcher

import "github.com/ancho-dev/ancho/pkg/watcher/internal/wire"

// order is how one resourceVersion compares with another.
type order uint8

const (
	orderUnknown order = iota // not comparable, and different
	orderBehind
	orderSame
	orderAhead
)

// compare says where the server's resourceVersion is, seen from ours.
func compare(server, ours string) order {
	cmp, ok := wire.CompareRV(server, ours)
	switch {
	case server == ours && server != "" || ok && cmp == 0:
		return orderSame
	case !ok:
		return orderUnknown
	case cmp < 0:
		return orderBehind
	default:
		return orderAhead
	}
}
