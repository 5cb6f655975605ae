package kind

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// DecodeError says that the bytes of an object do not decode. It carries what the object should
// have been and where it is wrong, and no value of the object, nor an error that might carry one:
// the object may be a Secret.
type DecodeError struct {
	// Kind is what the object should have been.
	Kind schema.GroupVersionKind
	// Type is the Go type that it should have decoded into, such as "*v1.Secret".
	Type string
	// Encoding is the form in which the bytes were taken to be.
	Encoding Encoding
	// Path is the field that does not decode, such as "spec.containers[0].ports", or empty when it
	// is not known or is the whole object. The keys of maps are left out, as "data[*]".
	Path string
	// Reason says what is wrong with it.
	Reason string
}

// Error implements error.
func (e *DecodeError) Error() string {
	var b strings.Builder
	b.WriteString("cannot decode ")
	b.WriteString(e.Kind.GroupVersion().String())
	b.WriteString(" ")
	b.WriteString(e.Kind.Kind)
	b.WriteString(" from ")
	b.WriteString(e.Encoding.String())
	b.WriteString(" into ")
	b.WriteString(e.Type)
	b.WriteString(": ")
	if e.Path != "" {
		b.WriteString("field ")
		b.WriteString(e.Path)
		b.WriteString(": ")
	}
	b.WriteString(e.Reason)
	return b.String()
}
