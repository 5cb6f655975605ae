package wire

import (
	"fmt"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

// fields walks over the fields of a protobuf message.
type fields struct {
	in     []byte // what is left
	num    protowire.Number
	typ    protowire.Type
	bytes  []byte // the value of a field of BytesType; aliases the input
	varint uint64 // the value of a field of VarintType
	err    error  // the message is malformed: the walk is over
	bad    error  // the first field of another type than declared, passed over
}

// next goes to the next field.
func (f *fields) next() bool {
	if f.err != nil || len(f.in) == 0 {
		return false
	}
	// Nearly every field of metadata has a tag of one byte, and a length of one.
	if tag := f.in[0]; tag&0x87 == byte(protowire.BytesType) && tag >= 8 && len(f.in) > 1 {
		if n := int(f.in[1]); n < 0x80 && n <= len(f.in)-2 {
			f.num, f.typ = protowire.Number(tag>>3), protowire.BytesType
			f.bytes, f.in = f.in[2:2+n], f.in[2+n:]
			return true
		}
	}
	return f.nextOfAnyKind()
}

func (f *fields) nextOfAnyKind() bool {
	num, typ, n := protowire.ConsumeTag(f.in)
	if n < 0 {
		return f.fail(n)
	}
	f.num, f.typ, f.in = num, typ, f.in[n:]
	switch typ {
	case protowire.BytesType:
		f.bytes, n = protowire.ConsumeBytes(f.in)
	case protowire.VarintType:
		f.varint, n = protowire.ConsumeVarint(f.in)
	default:
		n = protowire.ConsumeFieldValue(num, typ, f.in)
	}
	if n < 0 {
		return f.fail(n)
	}
	f.in = f.in[n:]
	return true
}

func (f *fields) fail(n int) bool {
	f.err = fmt.Errorf("malformed protobuf: %w", protowire.ParseError(n))
	return false
}

// wants tells whether the field has the declared type, and remembers it when it has not.
func (f *fields) wants(path string, typ protowire.Type) bool {
	if f.typ == typ {
		return true
	}
	f.mismatch(path, typ)
	return false
}

func (f *fields) mismatch(path string, typ protowire.Type) {
	f.keep(fmt.Errorf("%s has the protobuf wire type %d, want %d", path, f.typ, typ))
}

// keep remembers the first error of the walk that does not end it.
func (f *fields) keep(err error) {
	if f.bad == nil {
		f.bad = err
	}
}

// text takes the field's value, which aliases the input.
func (f *fields) text(path string, to *string) {
	if f.wants(path, protowire.BytesType) {
		*to = alias(f.bytes)
	}
}

// copied takes the field's value into memory of its own.
func (f *fields) copied(path string, to *string) {
	if f.wants(path, protowire.BytesType) {
		*to = string(f.bytes)
	}
}

// alias is a string of these very bytes. It changes when they do.
func alias(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // the bytes do not change while the string is good
}

// mapEntry adds the field, an entry of a map of strings, and returns all.
func (f *fields) mapEntry(path string, to Pairs) Pairs {
	if !f.wants(path, protowire.BytesType) {
		return to
	}
	var key, value string
	e := fields{in: f.bytes}
	for e.next() {
		switch e.num {
		case entryKey:
			e.text(path, &key)
		case entryValue:
			e.text(path, &value)
		}
	}
	f.keep(e.result())
	return append(to, Pair{key, value})
}

// result is what was wrong with the message.
func (f *fields) result() error {
	if f.err != nil {
		return f.err
	}
	return f.bad
}
