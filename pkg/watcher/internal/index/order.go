package index

import "github.com/ancho-dev/ancho/pkg/watcher/internal/wire"

// Order is how one resourceVersion compares with another.
type Order uint8

// The orders. OrderUnknown is that of versions that are different and cannot be compared.
const (
	OrderUnknown Order = iota
	OrderBehind
	OrderSame
	OrderAhead
)

// Compare says where the server's resourceVersion is, seen from ours.
func Compare(server, ours string) Order {
	cmp, ok := wire.CompareRV(server, ours)
	switch {
	case server == ours && server != "" || ok && cmp == 0:
		return OrderSame
	case !ok:
		return OrderUnknown
	case cmp < 0:
		return OrderBehind
	default:
		return OrderAhead
	}
}
