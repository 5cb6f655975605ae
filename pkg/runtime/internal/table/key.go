package table

import (
	"strings"

	"github.com/ancho-dev/ancho/pkg/queue"
)

// Key is a key in memory of its own: that of metadata is the frame's.
func Key(k queue.Key) queue.Key {
	return queue.Key{Namespace: strings.Clone(k.Namespace), Name: strings.Clone(k.Name)}
}
