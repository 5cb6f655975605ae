// Package plaintext makes text from outside the program safe to log, to keep and to print: answers of servers,
// errors of callbacks, header values. It never decides what may be shown: values of objects do not belong into
// such texts in the first place.
package plaintext

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limit is the size in bytes of the longest text that Bound returns.
const Limit = 4 << 10

// reserve is what the note about the cut may take.
const reserve = 40

// Bound returns text on one line and within Limit. It replaces characters that do not print, among them line
// breaks, terminal controls (C0, C1) and characters that change the direction of text, by their Go escapes, such as \n,
// \u009b and \u202e; bytes that are not UTF-8 become \x escapes. It cuts what is longer and says how many bytes of the
// original it left out. It does not keep a longer original in memory. Text that needs none of this is returned as it
// is, without a copy; so is what Bound returned.
func Bound(text string) string {
	if plain(text) {
		return text
	}
	out := make([]byte, 0, min(len(text)+reserve, Limit))
	fits := 0 // bytes of out that leave room for the note
	used := 0 // bytes of text that they stand for
	for at, r := range text {
		size := utf8.RuneLen(r)
		if r == utf8.RuneError {
			_, size = utf8.DecodeRuneInString(text[at:])
		}
		from := len(out)
		out = appendSafe(out, r, text[at:at+size])
		if len(out) > Limit {
			return string(out[:fits]) + fmt.Sprintf(" ... (%d bytes cut)", len(text)-used)
		}
		if len(out) <= Limit-reserve || from == 0 {
			fits, used = len(out), at+size
		}
	}
	return string(out)
}

// plain says whether text can stay as it is.
func plain(text string) bool {
	return len(text) <= Limit && utf8.ValidString(text) &&
		strings.IndexFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) < 0
}

// appendSafe adds a character, which is raw in the text.
func appendSafe(out []byte, r rune, raw string) []byte {
	if r == utf8.RuneError && len(raw) == 1 {
		return fmt.Appendf(out, `\x%02x`, raw[0])
	}
	if strconv.IsPrint(r) {
		return append(out, raw...)
	}
	quoted := strconv.QuoteRune(r)
	return append(out, quoted[1:len(quoted)-1]...)
}
