package wire

import (
	"encoding/binary"
	"math/bits"
)

// The functions of this file look at one token of JSON at a position of b, and return the position behind it, or
// jsonMore or jsonOdd. They are as strict as the grammar.

// jsonSpace passes over white space. It may reach the end of b.
func jsonSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// jsonNext passes over white space, up to something else.
func jsonNext(b []byte, i int) int {
	if i = jsonSpace(b, i); i == len(b) {
		return jsonMore
	}
	return i
}

// jsonMember goes to the next member of an object, from behind the brace that opens it or behind the member before.
// It returns the name, and where the value begins, or no name and where the object ends. An odd name is none that
// is told apart here.
func jsonMember(b []byte, i int, first bool) (name []byte, at int) {
	i, done := jsonElement(b, i, first, '}')
	if done || i < 0 {
		return nil, i
	}
	if b[i] != '"' {
		return nil, jsonOdd
	}
	end, plain := jsonString(b, i+1)
	switch {
	case end < 0:
		return nil, end
	case !plain:
		return nil, jsonOdd
	}
	name = b[i+1 : end]
	if i = jsonNext(b, end+1); i < 0 {
		return nil, i
	}
	if b[i] != ':' {
		return nil, jsonOdd
	}
	if i = jsonNext(b, i+1); i < 0 {
		return nil, i
	}
	return name, i
}

// jsonElement goes to the next element of an array, or of an object, that ends with last. Done says that there is
// none, and at is behind it all.
func jsonElement(b []byte, i int, first bool, last byte) (at int, done bool) {
	i = jsonNext(b, i)
	switch {
	case i < 0:
		return i, false
	case b[i] == last:
		return i + 1, true
	case first:
		return i, false
	case b[i] != ',':
		return jsonOdd, false
	}
	if i = jsonNext(b, i+1); i >= 0 && b[i] == last {
		return jsonOdd, false
	}
	return i, false
}

// jsonString returns where the closing quote of a string is, of which i is behind the opening one. Plain says that
// it means what is written: no escapes, and no bytes beyond ASCII.
func jsonString(b []byte, i int) (end int, plain bool) {
	plain = true
	for i < len(b) {
		if i+8 <= len(b) {
			v := binary.LittleEndian.Uint64(b[i:])
			// The lowest of these bits is right, which is the one that counts.
			special := (((v ^ '"'*eachOne) - eachOne) | ((v ^ '\\'*eachOne) - eachOne) | (v - ' '*eachOne) | v) & eachHigh
			if special == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(special) >> 3
		}
		switch c := b[i]; {
		case c == '"':
			return i, plain
		case c == '\\':
			if i = jsonEscape(b, i); i < 0 {
				return i, false
			}
			plain = false
		case c < ' ':
			return jsonOdd, false
		default:
			plain = plain && c < 0x80
			i++
		}
	}
	return jsonMore, false
}

// jsonEscape passes over an escape.
func jsonEscape(b []byte, i int) int {
	if i+1 == len(b) {
		return jsonMore
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		for k := i + 2; k < i+6; k++ {
			if k == len(b) {
				return jsonMore
			}
			if _, ok := hexDigit(b[k]); !ok {
				return jsonOdd
			}
		}
		return i + 6
	}
	return jsonOdd
}

func hexDigit(c byte) (digit rune, ok bool) {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0'), true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10, true
	}
	return 0, false
}

// jsonScalar passes over a value that is neither object nor array.
func jsonScalar(b []byte, i int) int {
	switch b[i] {
	case '"':
		end, _ := jsonString(b, i+1)
		if end < 0 {
			return end
		}
		return end + 1
	case 't':
		return jsonLiteral(b, i, "true")
	case 'f':
		return jsonLiteral(b, i, "false")
	case 'n':
		return jsonLiteral(b, i, "null")
	}
	return jsonNumber(b, i)
}

func jsonLiteral(b []byte, i int, word string) int {
	n := min(len(b)-i, len(word))
	switch {
	case string(b[i:i+n]) != word[:n]:
		return jsonOdd
	case n < len(word):
		return jsonMore
	}
	return i + n
}

// jsonNumber passes over a number. One at the end of b may go on.
func jsonNumber(b []byte, i int) int {
	if b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if i = jsonDigits(b, i); i < 0 {
		return i
	}
	if i < len(b) && b[i] == '.' {
		if i = jsonDigits(b, i+1); i < 0 {
			return i
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if i = jsonDigits(b, i); i < 0 {
			return i
		}
	}
	if i >= len(b) {
		return jsonMore
	}
	return i
}

// jsonDigits passes over one digit or more.
func jsonDigits(b []byte, i int) int {
	from := i
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	switch {
	case i >= len(b):
		return jsonMore
	case i == from:
		return jsonOdd
	}
	return i
}
