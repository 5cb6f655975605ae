package wire

import "encoding/binary"

// The major types of CBOR: the upper three bits of the first byte of a data item (RFC 8949, 3.1).
const (
	cborUint = iota
	cborNegative
	cborBytes
	cborText
	cborArray
	cborMap
	cborTag
	cborSimple // and floating-point numbers
)

const (
	cborNull  = 0xf6
	cborFalse = 0xf4
	cborTrue  = 0xf5
	cborBreak = 0xff // ends what has an indefinite length

	cborIndefinite = 31 // additional information: the length is not known beforehand

	// cborSelfDescribed is a tag without meaning, by which CBOR is recognised: API servers put it before every
	// object (RFC 8949, 3.4.6).
	cborSelfDescribed = 55799
	cborMagic         = "\xd9\xd9\xf7"

	// maxCBORDepth is how deep items may be nested, as in the API machinery's decoder.
	maxCBORDepth = 10_000
)

// cborHead is what a data item begins with: its type and a number, which is the value of an integer, the length of a
// string, the number of elements or pairs, or that of a tag.
type cborHead struct {
	major byte
	info  byte // the additional information
	value uint64
}

// indefinite tells whether a break ends the item, and not its length.
func (h cborHead) indefinite() bool { return h.info == cborIndefinite }

// cborError says in which way bytes are not CBOR, so that nothing after them can be told.
type cborError string

// Error implements error.
func (e cborError) Error() string { return "malformed CBOR: " + string(e) }

const (
	errCBORCut    cborError = "it ends inside an item"
	errCBORDepth  cborError = "items are nested more than 10000 deep"
	errCBORBreak  cborError = "a break where an item should be"
	errCBORChunk  cborError = "a part of a string is not a string of the same type and of known length"
	errCBORLength cborError = "a length goes beyond the end"
	errCBORHead   cborError = "the first byte of an item has a reserved form"
)

// readCBORHead reads a head at the beginning of in. size is its length in bytes, 0 when in ends inside it. A break
// is a head too, of the major type cborSimple and indefinite; it is the caller's to say where it may be.
func readCBORHead(in []byte) (h cborHead, size int, err error) {
	if len(in) == 0 {
		return h, 0, nil
	}
	first := in[0]
	h.major, h.info = first>>5, first&31
	if h.info < 24 {
		h.value = uint64(h.info)
		return h, 1, nil
	}
	return longCBORHead(h, in)
}

// longCBORHead is for heads of more than one byte, and those that say that there is no length.
func longCBORHead(h cborHead, in []byte) (_ cborHead, size int, err error) {
	switch h.info {
	case 24, 25, 26, 27:
		size = 1 + 1<<(h.info-24)
	case cborIndefinite:
		if h.major <= cborNegative || h.major == cborTag {
			return h, 0, errCBORHead
		}
		return h, 1, nil
	default:
		return h, 0, errCBORHead
	}
	if len(in) < size {
		return h, 0, nil
	}
	switch size {
	case 2:
		h.value = uint64(in[1])
		if h.major == cborSimple && h.value < 32 { // must have been written shorter
			return h, 0, errCBORHead
		}
	case 3:
		h.value = uint64(binary.BigEndian.Uint16(in[1:]))
	case 5:
		h.value = uint64(binary.BigEndian.Uint32(in[1:]))
	case 9:
		h.value = binary.BigEndian.Uint64(in[1:])
	}
	return h, size, nil
}

// cborHeadAt reads the head at a position of bytes that are complete. next is where its content begins.
func cborHeadAt(in []byte, at int) (h cborHead, next int, err error) {
	h, size, err := readCBORHead(in[at:])
	if err == nil && size == 0 {
		err = errCBORCut
	}
	return h, at + size, err
}

// cborLeaps are the lengths of the items that are their first byte alone, or it and a string of less than 24 bytes;
// 0 for other items. Most items of an object are such.
var cborLeaps = func() (leaps [256]uint8) {
	for info := range 24 {
		leaps[cborUint<<5|info], leaps[cborNegative<<5|info], leaps[cborSimple<<5|info] = 1, 1, 1
		leaps[cborBytes<<5|info], leaps[cborText<<5|info] = uint8(1+info), uint8(1+info)
	}
	leaps[cborArray<<5], leaps[cborMap<<5] = 1, 1 // empty
	return leaps
}()

// skipCBOR returns where the item ends that begins at a position of bytes that are complete.
func skipCBOR(in []byte, at int) (next int, err error) { return skipCBORItems(in, at, 1, 0) }

// skipCBORItems passes over a number of items, which are in so many others.
func skipCBORItems(in []byte, at int, items uint64, depth int) (next int, err error) {
	for items > 0 {
		for items > 0 && at < len(in) && cborLeaps[in[at]] > 0 {
			at += int(cborLeaps[in[at]])
			items--
		}
		if items == 0 {
			break
		}
		if at >= len(in) {
			return at, errCBORCut
		}
		if at, err = skipCBORItem(in, at, depth); err != nil {
			return at, err
		}
		items--
	}
	if at > len(in) {
		return at, errCBORLength
	}
	return at, nil
}

// skipCBORItem passes over an item of any form.
func skipCBORItem(in []byte, at, depth int) (next int, err error) {
	for tags := 0; ; tags++ {
		h, next, err := cborHeadAt(in, at)
		switch {
		case err != nil:
			return at, err
		case h.major == cborTag: // what it is about follows; of a chain of tags all but the first count as nested
			if depth+tags > maxCBORDepth {
				return at, errCBORDepth
			}
			at = next
			continue
		case h.major >= cborBytes && h.major <= cborMap:
			return skipCBORContent(in, next, h, depth+1+max(tags-1, 0))
		case h.major == cborSimple && h.indefinite():
			return at, errCBORBreak
		}
		return next, nil
	}
}

// skipCBORContent passes over what follows the head of a string, array or map. depth is that of its elements.
func skipCBORContent(in []byte, at int, h cborHead, depth int) (next int, err error) {
	left := uint64(len(in) - at) //nolint:gosec // at never exceeds the length
	if h.major <= cborText {
		if h.indefinite() {
			return skipCBORChunks(in, at, h.major)
		}
		if h.value > left {
			return at, errCBORLength
		}
		return at + int(h.value), nil //nolint:gosec // not above the length
	}
	if depth > maxCBORDepth {
		return at, errCBORDepth
	}
	if !h.indefinite() {
		if h.value > left { // each element has a byte at least
			return at, errCBORLength
		}
		items := h.value
		if h.major == cborMap {
			items *= 2
		}
		return skipCBORItems(in, at, items, depth)
	}
	for {
		if at < len(in) && in[at] == cborBreak {
			return at + 1, nil
		}
		items := uint64(1)
		if h.major == cborMap {
			items = 2 // a break between a key and its value is found there
		}
		if at, err = skipCBORItems(in, at, items, depth); err != nil {
			return at, err
		}
	}
}

// skipCBORChunks passes over the parts of a string without a length, and the break after them.
func skipCBORChunks(in []byte, at int, major byte) (next int, err error) {
	for {
		h, next, err := cborHeadAt(in, at)
		switch {
		case err != nil:
			return at, err
		case h.major == cborSimple && h.indefinite():
			return next, nil
		case h.major != major || h.indefinite():
			return at, errCBORChunk
		case h.value > uint64(len(in)-next): //nolint:gosec // next never exceeds the length
			return at, errCBORLength
		}
		at = next + int(h.value) //nolint:gosec // not above the length
	}
}
