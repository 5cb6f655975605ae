package watcher

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

const (
	flagSeen    = 1 << iota // shown by the snapshot that is being read
	flagUUID                // the UID is written as 16 bytes
	flagNumber              // number holds the resourceVersion
	flagContent             // number holds a hash of the object, which came without a resourceVersion
)

// maxText bounds namespace, name and UID together, whose lengths are kept in 16 bits.
const maxText = 1<<16 - 1

// Entry is one object in an Index: who it is and which state of it was delivered last. It is small, because
// there is one for each object that is watched: strings are made when they are asked for.
//
// An Entry is read and written on the goroutine of its stream only.
type Entry struct {
	// Words belong to the Handler, which may keep membership bits and hashes here. They live as long as the
	// entry: another UID under the same name begins with none.
	Words []uint64

	text   string  // namespace, "/", name, UID: one allocation, also the key of the map
	number uint64  // the resourceVersion, where it is a number that fits
	opaque *string // the resourceVersion, where it is not
	nsLen  uint16
	keyLen uint16
	flags  uint8
}

// NewEntry returns an entry for StreamOptions.Seed: an object that was delivered before, by another stream. The
// words are not copied. Namespace, name and UID together are cut at 64 KiB, far above what the server allows.
func NewEntry(namespace, name, uid, rv string, words []uint64) Entry {
	e := Entry{Words: words}
	if raw, ok := packUUID(uid); ok {
		e.flags |= flagUUID
		uid = string(raw[:])
	}
	text := namespace + "/" + name + uid
	e.text = text[:min(len(text), maxText)]
	e.nsLen = cut(len(namespace), len(e.text))
	e.keyLen = cut(len(namespace)+1+len(name), len(e.text))
	e.setRV(rv)
	return e
}

func cut(n, limit int) uint16 {
	return uint16(min(n, limit, maxText)) //nolint:gosec // bounded by the line itself
}

// fits says whether an object's identity can be kept: the server allows far less.
func fits(m *Meta) bool {
	return m.Name != "" && len(m.Namespace)+len(m.Name)+len(m.UID) < maxText
}

// Namespace returns the object's namespace, "" for a cluster-scoped one.
func (e *Entry) Namespace() string { return e.text[:e.nsLen] }

// Name returns the object's name.
func (e *Entry) Name() string { return e.text[min(int(e.nsLen)+1, int(e.keyLen)):e.keyLen] }

// UID returns the object's UID; it may be "" for resources of aggregated servers.
func (e *Entry) UID() string {
	raw := e.text[e.keyLen:]
	if e.flags&flagUUID == 0 {
		return raw
	}
	return unpackUUID(raw)
}

// RV returns the resourceVersion of the state delivered last; "" if the server sends none.
func (e *Entry) RV() string {
	switch {
	case e.opaque != nil:
		return *e.opaque
	case e.flags&flagNumber != 0:
		return strconv.FormatUint(e.number, 10)
	default:
		return ""
	}
}

func (e *Entry) key() string { return e.text[:e.keyLen] }

func (e *Entry) clone() *Entry {
	c := *e
	c.Words = slices.Clone(e.Words)
	return &c
}

// sameUID compares without making a string.
func (e *Entry) sameUID(uid string) bool {
	raw := e.text[e.keyLen:]
	if e.flags&flagUUID == 0 {
		return raw == uid
	}
	packed, ok := packUUID(uid)
	return ok && raw == string(packed[:])
}

// setRV keeps rv in eight bytes where it is a decimal number as the API server writes it.
func (e *Entry) setRV(rv string) {
	e.flags &^= flagNumber | flagContent
	e.number, e.opaque = 0, nil
	if n, ok := canonicalNumber(rv); ok {
		e.number, e.flags = n, e.flags|flagNumber
	} else if rv != "" {
		own := strings.Clone(rv) // it may be a frame's
		e.opaque = &own
	}
}

// setContent stands in for a resourceVersion that the server does not send.
func (e *Entry) setContent(hash uint64) {
	e.flags = e.flags&^flagNumber | flagContent
	e.number, e.opaque = hash, nil
}

func (e *Entry) sameContent(hash uint64) bool {
	return e.flags&flagContent != 0 && e.number == hash
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
	n := 0
	for i := 0; i < len(uid); {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			i++
			continue
		}
		hi, ok1 := hexDigit(uid[i])
		lo, ok2 := hexDigit(uid[i+1])
		if !ok1 || !ok2 {
			return raw, false
		}
		raw[n] = hi<<4 | lo
		n, i = n+1, i+2
	}
	return raw, true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

func unpackUUID(raw string) string {
	var out [36]byte
	src := []byte(raw)
	hex.Encode(out[0:8], src[0:4])
	hex.Encode(out[9:13], src[4:6])
	hex.Encode(out[14:18], src[6:8])
	hex.Encode(out[19:23], src[8:10])
	hex.Encode(out[24:36], src[10:16])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}
