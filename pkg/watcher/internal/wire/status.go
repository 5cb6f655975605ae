package wire

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DecodeStatus reads the body of an error answer. It never returns nil: a body that is no Status (plain
// text of a proxy, a broken document) becomes a failure whose Code is 0 and whose Message is its beginning.
func DecodeStatus(body []byte, contentType string) *metav1.Status {
	return nil
}

// FrameStatus is the Status that an ERROR event carries; never nil.
func FrameStatus(f Frame) *metav1.Status {
	return nil
}
