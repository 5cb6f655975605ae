// Package marker finds a value in what a program says, in each form in which bytes are written down: for tests of programs
// that must not say it.
package marker

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// length is that of a piece, in bytes: a shorter one might be there by chance.
const length = 8

// Pieces are all parts of eight bytes of a value: as they are, as base64 wherever in a larger text that begins, in hexadecimal, and as
// numbers. A value that is shorter has none.
func Pieces(value string) (out []string) {
	texts := []string{value}
	for skip := range min(3, len(value)) {
		texts = append(texts, base64.RawStdEncoding.EncodeToString([]byte(value)[skip:]))
	}
	for _, text := range texts {
		for i := range max(0, len(text)-length+1) {
			out = append(out, text[i:i+length])
		}
	}
	for i := range max(0, len(value)-length+1) {
		part := []byte(value)[i : i+length]
		out = append(out, strings.Trim(fmt.Sprintf("%d", part), "[]"), fmt.Sprintf("%x", part), fmt.Sprintf("%X", part), fmt.Sprintf("% x", part))
	}
	return out
}

// In is the text around the first of these pieces that is in it; empty: none is.
func In(text string, pieces []string) string {
	for _, p := range pieces {
		if at := strings.Index(text, p); at >= 0 {
			return fmt.Sprintf("%q in\n... %s ...", p, text[max(0, at-600):min(len(text), at+100)])
		}
	}
	return ""
}
