package wire

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonText reads a string into to. Where it means what is written it is an alias of b, else memory of its own.
func jsonText(b []byte, i int, to *string) int {
	if b[i] != '"' {
		return jsonOdd
	}
	end, plain := jsonString(b, i+1)
	if end < 0 {
		return end
	}
	text := b[i+1 : end]
	if len(text) == 0 {
		*to = "" // which keeps no memory
		return end + 1
	}
	if plain || bytes.IndexByte(text, '\\') < 0 && utf8.Valid(text) {
		*to = alias(text)
	} else {
		*to = jsonUnquoted(text)
	}
	return end + 1
}

// jsonUnquoted resolves escapes, which are known to be well-formed. As encoding/json does, it puts U+FFFD for
// what is no UTF-8, and for half a surrogate pair.
func jsonUnquoted(text []byte) string {
	var out strings.Builder
	out.Grow(len(text))
	for len(text) > 0 {
		switch c := text[0]; {
		case c == '\\' && text[1] == 'u':
			var r rune
			r, text = jsonRune(text)
			out.WriteRune(r)
		case c == '\\':
			out.WriteByte(jsonEscaped(text[1]))
			text = text[2:]
		case c < utf8.RuneSelf:
			n := 1
			for n < len(text) && text[n] < utf8.RuneSelf && text[n] != '\\' {
				n++
			}
			out.Write(text[:n])
			text = text[n:]
		default:
			r, n := utf8.DecodeRune(text)
			out.WriteRune(r)
			text = text[n:]
		}
	}
	return out.String()
}

// jsonEscaped is what stands for itself, or for a control character, behind a backslash.
func jsonEscaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// jsonRune reads \uXXXX, or two of them that are one character.
func jsonRune(text []byte) (r rune, rest []byte) {
	r, text = jsonUnit(text), text[6:]
	if !utf16.IsSurrogate(r) {
		return r, text
	}
	if len(text) >= 6 && text[0] == '\\' && text[1] == 'u' {
		if pair := utf16.DecodeRune(r, jsonUnit(text)); pair != utf8.RuneError {
			return pair, text[6:]
		}
	}
	return utf8.RuneError, text
}

func jsonUnit(text []byte) (r rune) {
	for _, c := range text[2:6] {
		digit, _ := hexDigit(c)
		r = r<<4 | digit
	}
	return r
}
