package fake

import (
	"bytes"
	"encoding/binary"
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// encodeEvent frames an event around an object that is encoded already: a JSON document a line, or four bytes of length
// and a bare WatchEvent.
func (f form) encodeEvent(what watch.EventType, raw []byte) ([]byte, error) {
	if !f.protobuf {
		return asJSON(struct {
			Type   watch.EventType `json:"type"`
			Object json.RawMessage `json:"object"`
		}{what, bytes.TrimSuffix(raw, []byte("\n"))})
	}
	event := metav1.WatchEvent{Type: string(what), Object: runtime.RawExtension{Raw: raw}}
	b, err := event.Marshal()
	if err != nil {
		return nil, err
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...), nil //nolint:gosec // an object of 4 GiB was refused
}
