package wire

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/internal/plaintext"
)

// UnsupportedMediaError says that the server answered in a form that is not read here. Ask for another.
type UnsupportedMediaError struct {
	ContentType string // as the server sent it
}

// Error implements error.
func (e *UnsupportedMediaError) Error() string {
	return fmt.Sprintf("content type %q is not one that can be read: want JSON, Kubernetes protobuf or CBOR, not as a Table", plaintext.Bound(e.ContentType))
}

// FrameTooLargeError says that an event or a list item is larger than the limit. Nothing after it can be read.
type FrameTooLargeError struct {
	Limit int64 // bytes
}

// Error implements error.
func (e *FrameTooLargeError) Error() string {
	return fmt.Sprintf("a frame is larger than the limit of %d bytes", e.Limit)
}

// CorruptError says that the answer does not follow its encoding, so that it is not known where the next
// frame begins. Nothing after it can be read.
type CorruptError struct {
	Err error
}

// Error implements error.
func (e *CorruptError) Error() string { return "the answer is malformed: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *CorruptError) Unwrap() error { return e.Err }

// NotAListError says that a list request was answered with something that is not a list.
type NotAListError struct {
	Kind string // the kind of the answer; empty when it has none
}

// Error implements error.
func (e *NotAListError) Error() string {
	return fmt.Sprintf("the answer is of kind %q, want a kind that ends in \"List\"", e.Kind)
}

// NotAWatchError says that a watch request was answered with one document in place of events.
type NotAWatchError struct {
	Kind   string         // the kind of the document; empty when it is not known
	Status *metav1.Status // what the document says, if it is a Status: a refusal under a code of 200
}

// Error implements error.
func (e *NotAWatchError) Error() string {
	if e.Kind == "" {
		return "the answer is one document, not the events of a watch"
	}
	return fmt.Sprintf("the answer is one document of kind %q, not the events of a watch", e.Kind)
}

// BadFrameError says that one frame could not be understood. It is skipped: the next one can be read.
type BadFrameError struct {
	Type EventType // Unknown when that was not understood either
	Meta Meta      // what was found of the metadata; name and namespace are empty when not known
	Err  error     // carries paths and types, never values
}

// Error implements error.
func (e *BadFrameError) Error() string {
	if e.Meta.Name == "" {
		return "a frame is malformed: " + e.Err.Error()
	}
	return fmt.Sprintf("the frame of %s is malformed: %v", e.Meta.Key(), e.Err)
}

// Unwrap returns the cause.
func (e *BadFrameError) Unwrap() error { return e.Err }
