package wire

import (
	"errors"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation"
)

// errNoText is about a name in protobuf or CBOR with control characters, or that is not UTF-8: a length before it is wrong, so
// that it goes on into what follows, which may be values of the object. Names are logged, so it is nobody's.
var errNoText = errors.New("its name, namespace, UID, resourceVersion, or that of an owner, is no text")

// legible passes an error on where the metadata names the object, and its owners, by text. Else it forgets them.
func (m *Meta) legible(err error) error {
	for _, s := range [...]string{m.Name, m.Namespace, m.UID, m.ResourceVersion} {
		if !isText(s) {
			m.reset()
			return errNoText
		}
	}
	for i := range m.Owners {
		if o := &m.Owners[i]; !isText(o.Name) || !isText(o.UID) {
			m.reset()
			return errNoText
		}
	}
	return err
}

// isText is true for UTF-8 without control characters.
func isText(s string) bool {
	ascii := true
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == 0x7f {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return ascii || utf8.ValidString(s)
}

// kindName is the name of a kind that an answer says it is of, if it can be one: anything else may be a value in its place.
func kindName(s string) string {
	if s != "" && (len(s) > validation.DNS1035LabelMaxLength || len(validation.IsCIdentifier(s)) > 0) {
		return "?"
	}
	return s
}
