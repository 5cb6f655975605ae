package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ancho-dev/ancho/internal/plaintext"
)

type nilText struct{ s string }

func (n *nilText) String() string { return n.s }

// lateError is an error whose +v text is long, as that of packages which add a stack.
type lateError struct{ error }

func (lateError) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(strings.Repeat("stack", 10_000))) }

// Whatever is logged, a line is one line, holds no character that a terminal obeys, and ends.
func TestLinesAreBoundedAndPlain(t *testing.T) {
	const evil = "a\u009b2J\u202eb\x1b[31m\nERROR forged\r\u2028\xff\x00 \U000e0041 日本"
	long := strings.Repeat("é", 100_000)
	for _, format := range []string{JSON, Text} {
		var out bytes.Buffer
		log, err := New(&out, "info", format)
		if err != nil {
			t.Fatal(err)
		}
		log = log.WithValues("with", evil+long).WithName("name\u202e")
		log.Error(errors.New(evil+long), evil+long, "text", evil+long, "stringer", (*nilText)(nil), "list", []string{evil}, "key\u202e", 1)
		log.Error(lateError{errors.New("short")}, "an error that formats itself")
		log.Info("a stack", "stack", strings.Repeat("frame\n", 5_000))
		text := out.String()
		if n := strings.Count(text, "\n"); n != 3 || len(text) > 100<<10 {
			t.Errorf("%s: %d lines of %d bytes", format, n, len(text))
		}
		if strings.ContainsAny(text, "\u009b\u202e\x1b\r\u2028\x00") || strings.Contains(text, "\U000e0041") {
			t.Errorf("%s: characters that do not print:\n%.500q", format, text)
		}
		if !strings.Contains(text, "bytes cut)") || strings.Contains(text, "stackstack") {
			t.Errorf("%s: not cut:\n%.500q", format, text)
		}
		if format != JSON {
			continue
		}
		for line := range strings.Lines(text) {
			fields := map[string]any{}
			if err := json.Unmarshal([]byte(line), &fields); err != nil {
				t.Fatalf("%v: %.300q", err, line)
			}
			for name, v := range fields {
				if s, ok := v.(string); ok && len(s) > plaintext.Limit && name != stackKey {
					t.Errorf("%s has %d bytes", name, len(s))
				}
			}
			if msg, ok := fields["msg"].(string); ok && strings.HasPrefix(msg, "a\u009b") && !strings.HasPrefix(msg, "a\u009b2J\u202eb\x1b[31m\nERROR forged\r\u2028\ufffd\x00 \U000e0041 日本") {
				t.Errorf("the text changed: %.80q", msg)
			}
		}
	}
}
