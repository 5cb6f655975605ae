package queue

import (
	"cmp"
	"fmt"
	"strings"
)

// Key names an object within its resource. Namespace is empty for an object of
// a cluster-scoped kind.
type Key struct {
	Namespace, Name string
}

// String gives "namespace/name", or "name" where there is no namespace.
func (k Key) String() string {
	if k.Namespace == "" {
		return k.Name
	}
	return k.Namespace + "/" + k.Name
}

// Clone gives the key in memory of its own, for one whose strings are part of something larger.
func (k Key) Clone() Key {
	return Key{Namespace: strings.Clone(k.Namespace), Name: strings.Clone(k.Name)}
}

func (k Key) compare(other Key) int {
	return cmp.Or(cmp.Compare(k.Namespace, other.Namespace), cmp.Compare(k.Name, other.Name))
}

// Strategy says what a Queue serialises: of the calls that share a lane, one
// runs at a time. Different lanes run in parallel, up to Options.Concurrency.
type Strategy uint8

// The strategies. The zero value is PerObject.
const (
	// PerObject serialises the calls of each object.
	PerObject Strategy = iota
	// PerNamespace serialises the calls of all objects of one namespace;
	// cluster-scoped objects share one lane.
	PerNamespace
	// PerKind serialises all calls of one kind. A queue serves one binding and a
	// binding watches one kind, so it does the same as Global.
	PerKind
	// Global serialises all calls of the queue.
	Global
)

// String gives the name of the strategy as it is written in Go.
func (s Strategy) String() string {
	switch s {
	case PerObject:
		return "PerObject"
	case PerNamespace:
		return "PerNamespace"
	case PerKind:
		return "PerKind"
	case Global:
		return "Global"
	}
	return fmt.Sprintf("Strategy(%d)", uint8(s))
}

// lane gives the name of the lane in which the calls of k run.
func (s Strategy) lane(k Key) Key {
	switch s {
	case PerNamespace:
		return Key{Namespace: k.Namespace}
	case PerKind, Global:
		return Key{}
	case PerObject:
	}
	return k
}
