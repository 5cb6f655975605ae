package wire

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// What the walks over JSON return in place of a position.
const (
	// jsonMore says that the bytes end inside the value.
	jsonMore = -1
	// jsonOdd says that the bytes are not written as an API server writes them: malformed, or merely unusual. The
	// slow code, which knows all of JSON, then has the word.
	jsonOdd = -2
)

// Patterns for eight bytes at once. As long as all of them are ASCII, nothing is carried from one byte into the
// next, and the highest bit of each byte is the answer for that byte.
const (
	eachOne     = 0x0101010101010101
	eachHigh    = 0x80 * eachOne
	likeQuote   = ('"' ^ 0x7f) * eachOne  // x^likeQuote+1 reaches the highest bit for a quote
	likeSlash   = ('\\' ^ 0x7f) * eachOne // the same for a backslash
	likeBracket = 0x26 * eachOne          // x|likeBracket+1 does for any of []{}, but for Y_y and DEL too
	likeControl = 0x9f * eachOne          // likeControl-x does for x < 0x20

	collect = 0x0002040810204081 // times the highest bits of eight bytes has them side by side in the highest byte
	highest = 0xff << 56
)

// jsonBrackets finds the end of an object or array by its structure alone: strings, and brackets, which are matched
// by type. Of a string it sees the escapes, and that there are no control characters in it; whatever else stands
// between brackets and strings is not looked at. Who decodes the value is strict about it.
//
// It looks at 64 bytes at a time, and goes on where it ran out of them.
type jsonBrackets struct {
	at      int      // before it all was looked at
	depth   int      // levels in stack
	stack   uint64   // a bit for each level, the innermost lowest: 1 for an object
	deeper  []uint64 // the levels further out, jsonSpill in each
	inside  uint64   // all ones when at is inside a string
	escaped uint64   // 1 when the byte there is escaped
}

const (
	jsonSpill  = 32               // levels that leave the stack when it is full
	jsonSpills = 9900 / jsonSpill // deeper is odd: the slow code knows the limit of 10000
)

// end returns where the value ends that b begins with. After jsonMore it is called again with a longer b.
func (s *jsonBrackets) end(b []byte) int {
	depth, stack, inside, escaped := s.depth, s.stack, s.inside, s.escaped
	var last [64]byte
	for i := s.at; i < len(b); {
		block, whole := &last, i+64 <= len(b)
		if whole {
			block = (*[64]byte)(b[i:])
		} else {
			copy(last[copy(last[:], b[i:]):], jsonBlank)
		}
		deeper := s.deeper
		var quotes, brackets, slash, other uint64
		for k := 0; k < 64; k += 8 {
			v := binary.LittleEndian.Uint64(block[k : k+8])
			slash |= (v ^ likeSlash) + eachOne
			other |= (likeControl - v) | v
			quotes = quotes>>8 | (((v^likeQuote)+eachOne)&eachHigh*collect)&highest
			brackets = brackets>>8 | (((v|likeBracket)+eachOne)&eachHigh*collect)&highest
		}
		var slashes, controls uint64
		if other&eachHigh != 0 {
			quotes, brackets, controls = exactly(block)
		}
		if slash&eachHigh|escaped != 0 {
			slashes = slashesOf(block)
			behind := escapedBy(slashes, escaped)
			escaped = slashes &^ behind >> 63
			quotes &^= behind
		}
		within := spread(quotes) ^ inside
		left := brackets &^ within
		odd := controls&within | slashes&^within
		if odd != 0 {
			left &= odd&-odd - 1 // it may be behind the end
		}
		for ; left != 0; left &= left - 1 {
			p := bits.TrailingZeros64(left)
			c := uint64(block[p&63])
			object, opens := c>>5&1, c>>1&1
			closes := opens - 1 // all ones if so
			if ((stack^object)&closes|^(c>>1^c>>2))&1 != 0 {
				return jsonOdd // of the wrong type, or none
			}
			stack = (stack<<1|object)&^closes | stack>>1&closes
			depth += int(opens<<1) - 1
			if uint(depth-1) < 63 {
				continue
			}
			if depth == 0 && len(s.deeper) == 0 {
				return i + p + 1
			}
			if depth, stack = s.spill(depth, stack); depth == 0 {
				return jsonOdd
			}
		}
		if odd != 0 {
			return jsonOdd
		}
		if !whole { // nothing is noted of it: it may be longer next time
			s.deeper = deeper
			break
		}
		inside = uint64(int64(within) >> 63) //nolint:gosec // the highest bit, in all
		i += 64
		s.at, s.depth, s.stack, s.inside, s.escaped = i, depth, stack, inside, escaped
	}
	return jsonMore
}

// spread has a bit set from each odd one of quotes up to the next.
func spread(quotes uint64) uint64 {
	quotes ^= quotes << 1
	quotes ^= quotes << 2
	quotes ^= quotes << 4
	quotes ^= quotes << 8
	quotes ^= quotes << 16
	return quotes ^ quotes<<32
}

// spill moves outer levels out of a full stack, or the innermost of them back into an empty one. Depth 0 says that
// it is too deep. What was spilled before is not overwritten.
func (s *jsonBrackets) spill(depth int, stack uint64) (int, uint64) {
	n := len(s.deeper)
	switch {
	case depth == 0:
		stack = s.deeper[n-1]
		s.deeper = s.deeper[:n-1]
		return jsonSpill, stack
	case n == jsonSpills:
		return 0, 0
	}
	s.deeper = append(slices.Clip(s.deeper), stack>>jsonSpill)
	return depth - jsonSpill, stack
}

// exactly finds the same in any bytes, and the control characters.
func exactly(block *[64]byte) (quotes, brackets, controls uint64) {
	for k := 0; k < 64; k += 8 {
		v := binary.LittleEndian.Uint64(block[k : k+8])
		ascii := ^v & eachHigh
		v &^= eachHigh
		quotes = quotes>>8 | (((v^likeQuote)+eachOne)&ascii*collect)&highest
		brackets = brackets>>8 | (((v|likeBracket)+eachOne)&ascii*collect)&highest
		controls = controls>>8 | ((likeControl-v)&ascii*collect)&highest
	}
	return quotes, brackets, controls
}

// slashesOf finds the backslashes in any bytes.
func slashesOf(block *[64]byte) (slashes uint64) {
	for k := 0; k < 64; k += 8 {
		v := binary.LittleEndian.Uint64(block[k : k+8])
		ascii := ^v & eachHigh
		slashes = slashes>>8 | (((v&^eachHigh^likeSlash)+eachOne)&ascii*collect)&highest
	}
	return slashes
}

// escapedBy are the bytes behind backslashes that are not escaped themselves. The first byte may be, to begin with.
func escapedBy(slashes, escaped uint64) uint64 {
	if slashes&(slashes<<1|escaped) == 0 {
		return escaped | slashes<<1
	}
	for left := slashes &^ escaped; left != 0; {
		slash := left & -left
		escaped |= slash << 1
		left &^= slash | slash<<1
	}
	return escaped
}

// jsonBlank fills up a block.
const jsonBlank = "                                                                "
