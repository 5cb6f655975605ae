package logs

import (
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/ancho-dev/ancho/internal/plaintext"
)

// stackLimit is the size in bytes up to which a stack is logged; other texts end at plaintext.Limit.
const stackLimit = 16 << 10

// stackKey is the name of a field that holds a stack.
const stackKey = "stack"

// boundedCore cuts long texts: errors of callbacks and answers of servers may have any length.
type boundedCore struct{ zapcore.Core }

// With implements zapcore.Core.
func (c boundedCore) With(fields []zapcore.Field) zapcore.Core {
	return boundedCore{c.Core.With(boundedFields(fields))}
}

// Check implements zapcore.Core.
func (c boundedCore) Check(e zapcore.Entry, to *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return to.AddCore(e, c)
	}
	return to
}

// Write implements zapcore.Core.
func (c boundedCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	e.Message = Cut(e.Message, plaintext.Limit)
	return c.Core.Write(e, boundedFields(fields))
}

func boundedFields(fields []zapcore.Field) []zapcore.Field {
	out := make([]zapcore.Field, len(fields))
	for i, f := range fields {
		out[i] = boundedField(f)
	}
	return out
}

func boundedField(f zapcore.Field) zapcore.Field {
	limit := plaintext.Limit
	if f.Key == stackKey {
		limit = stackLimit
	}
	switch f.Type { //nolint:exhaustive // the others have no text, or one of many parts
	case zapcore.StringType:
		f.String = Cut(f.String, limit)
	case zapcore.ErrorType:
		if err, ok := f.Interface.(error); ok { // without %+v, where some errors bring a stack each time
			return zap.String(f.Key, Cut(textOf(err.Error), limit))
		}
	case zapcore.StringerType:
		if s, ok := f.Interface.(fmt.Stringer); ok {
			return zap.String(f.Key, Cut(textOf(s.String), limit))
		}
	case zapcore.ByteStringType:
		if b, ok := f.Interface.([]byte); ok && len(b) > limit {
			return zap.String(f.Key, Cut(string(b), limit))
		}
	}
	return f
}

// textOf calls a method of somebody else's value, which may be a nil pointer.
func textOf(method func() string) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text = fmt.Sprintf("<the value's method panicked: %T>", p)
		}
	}()
	return method()
}

// Cut shortens a text to a limit in bytes, and says so.
func Cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	const reserve = 40
	end := limit - reserve
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + fmt.Sprintf(" ... (%d bytes cut)", len(text)-end)
}

// escaping replaces characters that do not print, in lines that end with a line break: terminal controls, and those that
// change the direction of text. What it writes for them is JSON's escape, so that a JSON line keeps its meaning.
type escaping struct{ io.Writer }

// Write implements io.Writer.
func (w escaping) Write(line []byte) (int, error) {
	at := unprintable(line)
	if at < 0 {
		return w.Writer.Write(line)
	}
	out := append(make([]byte, 0, len(line)+64), line[:at]...)
	for at < len(line) {
		r, n := utf8.DecodeRune(line[at:])
		switch {
		case stays(r, at == len(line)-1):
			out = append(out, line[at:at+n]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		at += n
	}
	_, err := w.Writer.Write(out)
	return len(line), err
}

// unprintable is where the first character is that has to be replaced; -1: there is none.
func unprintable(line []byte) int {
	for at := 0; at < len(line); {
		if c := line[at]; c < utf8.RuneSelf {
			if !stays(rune(c), at == len(line)-1) {
				return at
			}
			at++
			continue
		}
		r, n := utf8.DecodeRune(line[at:])
		if !stays(r, false) || r == utf8.RuneError && n == 1 {
			return at
		}
		at += n
	}
	return -1
}

// stays tells whether a character is written as it is. Tabs stand between the parts of a line for people.
func stays(r rune, last bool) bool {
	return strconv.IsPrint(r) || r == '\t' || r == '\n' && last
}
