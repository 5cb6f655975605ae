package index

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/compact"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

const (
	flagUUID    = 1 << iota // the UID is a UUID, written as 16 bytes
	flagNumber              // number holds the resourceVersion
	flagContent             // number holds a hash of the object, which came without a resourceVersion
	flagOpaque              // the resourceVersion is no number, and in Index.opaque
	flagTaken               // not in the table of the index any more
)

// Entry is one object in an Index: who it is and which state of it was delivered last. It is a way to look into the
// index, no memory of its own: good until the next object is put into the index or taken out. It is read and
// written where its index may be used. The zero Entry is no object, and none of its methods may be called.
type Entry struct {
	x  *Index
	at uint32 // its record
}

// record is what an index knows of an object, in 40 bytes without pointers.
type record struct {
	number uint64      // see flagNumber and flagContent
	uid    [16]byte    // the UID, or how long it is as text
	text   compact.Ref // the name, and the UID unless it is a UUID
	space  uint32      // the number of the namespace
	epoch  uint16      // of the snapshot that showed it last
	flags  uint16
}

// Fits says whether an object's identity can be kept: the server allows far less.
func Fits(m *wire.Meta) bool {
	return m.Name != "" && len(m.Namespace)+len(m.Name)+len(m.UID) < compact.MaxText
}

// Namespace returns the object's namespace, "" for a cluster-scoped one, in memory of its own.
func (e Entry) Namespace() string { return string(e.x.spaces.name(e.record().space)) }

// Name returns the object's name, in memory of its own.
func (e Entry) Name() string { return string(e.name(e.record())) }

// UID returns the object's UID, in memory of its own; it may be "" for resources of aggregated servers.
func (e Entry) UID() string {
	r := e.record()
	if r.flags&flagUUID != 0 {
		return unpackUUID(r.uid)
	}
	return string(e.textUID(r))
}

// HasUID says whether that is the object's UID, and makes no string.
func (e Entry) HasUID(uid string) bool {
	r := e.record()
	if r.flags&flagUUID == 0 {
		return string(e.textUID(r)) == uid
	}
	raw, ok := packUUID(uid)
	return ok && raw == r.uid
}

// RV returns the resourceVersion of the state delivered last; "" if the server sends none.
func (e Entry) RV() string {
	switch r := e.record(); {
	case r.flags&flagNumber != 0:
		return strconv.FormatUint(r.number, 10)
	case r.flags&flagOpaque != 0:
		return e.x.opaque[e.at]
	default:
		return ""
	}
}

// HasRV says whether that is the resourceVersion of the state delivered last, and makes no string.
func (e Entry) HasRV(rv string) bool {
	if r := e.record(); r.flags&flagNumber != 0 {
		n, ok := canonicalNumber(rv)
		return ok && n == r.number
	}
	return e.RV() == rv
}

// Words are for the Handler, which may keep membership bits and hashes here: as many as the index was made with, all
// zero for an object that is new. They live as long as the entry: another UID under the same name begins again.
func (e Entry) Words() []uint64 { return e.x.words.Row(e.at) }

func (e Entry) record() *record { return e.x.records.At(e.at) }

func (e Entry) name(r *record) []byte {
	text := e.x.texts.Bytes(r.text)
	return text[:len(text)-r.textUID()]
}

func (e Entry) textUID(r *record) []byte {
	text := e.x.texts.Bytes(r.text)
	return text[len(text)-r.textUID():]
}

// textUID is the length of the UID behind the name.
func (r *record) textUID() int {
	if r.flags&flagUUID != 0 {
		return 0
	}
	return int(binary.NativeEndian.Uint32(r.uid[:]))
}

func (r *record) setTextUID(n int) {
	binary.NativeEndian.PutUint32(r.uid[:], uint32(n)) //nolint:gosec // bounded by compact.MaxText
}

// Seen says whether the snapshot that is read or was read last, or an event since, showed the object.
func (e Entry) Seen() bool { return e.record().epoch == e.x.epoch }

// SetSeen notes that the snapshot that is being read shows the object.
func (e Entry) SetSeen() { e.record().epoch = e.x.epoch }

// setRV keeps rv in eight bytes where it is a decimal number as the API server writes it.
func (e Entry) setRV(rv string) {
	r := e.record()
	if e.x.hashed {
		*e.x.content.At(e.at) = 0 // of another state
	}
	n, ok := canonicalNumber(rv)
	switch {
	case ok:
		e.set(r, flagNumber, n)
	case rv == "":
		e.set(r, 0, 0)
	default:
		e.set(r, flagOpaque, 0)
		if e.x.opaque == nil {
			e.x.opaque = map[uint32]string{}
		}
		e.x.opaque[e.at] = strings.Clone(rv)
	}
}

// set replaces what is known of the resourceVersion.
func (e Entry) set(r *record, flag uint16, number uint64) {
	if r.flags&flagOpaque != 0 && flag != flagOpaque {
		delete(e.x.opaque, e.at)
		if len(e.x.opaque) == 0 {
			e.x.opaque = nil // an emptied map keeps its memory
		}
	}
	r.flags = r.flags&^(flagNumber|flagContent|flagOpaque) | flag
	r.number = number
}

// setContent stands in for a resourceVersion that the server does not send.
func (e Entry) setContent(hash uint64) { e.set(e.record(), flagContent, hash) }

func (e Entry) sameContent(hash uint64) bool {
	r := e.record()
	return r.flags&flagContent != 0 && r.number == hash
}

// canonicalNumber accepts what FormatUint would write, so that the text can be made again.
func canonicalNumber(s string) (uint64, bool) {
	if s == "" || len(s) > 20 || (s[0] == '0' && len(s) > 1) {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil && s[0] != '+'
}

// packUUID writes a UUID as 16 bytes if its text can be made again from them: lower case, four dashes.
func packUUID(uid string) (raw [16]byte, ok bool) {
	if len(uid) != 36 || uid[8] != '-' || uid[13] != '-' || uid[18] != '-' || uid[23] != '-' {
		return raw, false
	}
	bad := byte(0)
	for n, at := range uuidDigits {
		hi, lo := hexDigits[uid[at]], hexDigits[uid[at+1]]
		raw[n] = hi<<4 | lo&15
		bad |= hi | lo
	}
	return raw, bad < 16
}

// uuidDigits is where the two digits of each byte are in the text of a UUID.
var uuidDigits = [16]byte{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

// hexDigits are the values of hexadecimal digits in lower case; of all else they are above 15.
var hexDigits = func() (values [256]byte) {
	for c := range values {
		values[c] = 16
	}
	for v, c := range "0123456789abcdef" {
		values[c] = byte(v)
	}
	return values
}()

func unpackUUID(src [16]byte) string {
	var out [36]byte
	hex.Encode(out[0:8], src[0:4])
	hex.Encode(out[9:13], src[4:6])
	hex.Encode(out[14:18], src[6:8])
	hex.Encode(out[19:23], src[8:10])
	hex.Encode(out[24:36], src[10:16])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}
