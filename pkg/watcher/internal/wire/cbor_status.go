package wire

import (
	"errors"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
)

// cborStatus reads a Status that is one data item.
func cborStatus(body []byte) (*metav1.Status, error) {
	w := cborWalk{in: body}
	name, err := scanCBORKind(&w)
	if err != nil {
		return nil, err
	}
	if err := checkStatusKind(name); err != nil {
		return nil, err
	}
	s := &metav1.Status{}
	if name == "Status" && decodeCBOR(body, s) == nil {
		return s, nil
	}
	var loose map[string]any
	if direct.Unmarshal(body, &loose) != nil {
		return nil, errors.New("it is not the CBOR of a Status") // the cause may quote values
	}
	return looseStatus(loose)
}

// scanCBORKind finds the kind that an object says.
func scanCBORKind(w *cborWalk) (name string, err error) {
	e, ok, err := w.enter("it", cborMap)
	for ok && err == nil && w.more(&e) {
		var key []byte
		if key, err = w.key(); err != nil {
			break
		}
		if string(key) == "kind" {
			err = w.text("kind", &name)
		} else {
			err = w.skip()
		}
	}
	if err == nil {
		err = w.bad
	}
	return name, err
}
