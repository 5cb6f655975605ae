package plaintext_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/ancho-dev/ancho/internal/plaintext"
)

func TestBound(t *testing.T) {
	for in, want := range map[string]string{
		"":                            "",
		"as it is: é, 日本, \\n, \"q\"": "as it is: é, 日本, \\n, \"q\"",
		"a\nb\r\n\tc":                 `a\nb\r\n\tc`,
		"\x1b[31mred\x00\x7f":         `\x1b[31mred\x00\x7f`,
		"c1 \u009b2J":                 `c1 \u009b2J`,
		"\u202eevil\u2066\u200f":      `\u202eevil\u2066\u200f`,
		"two\u2028lines\u2029":        `two\u2028lines\u2029`,
		"bytes \xff\xc3":              `bytes \xff\xc3`,
		"replaced \ufffd":             "replaced \ufffd",
		"tag \U000e0041":              `tag \U000e0041`,
	} {
		if got := plaintext.Bound(in); got != want {
			t.Errorf("Bound(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestBoundCuts(t *testing.T) {
	for name, in := range map[string]string{
		"ASCII":    strings.Repeat("a", 100_000),
		"wide":     strings.Repeat("日", 100_000),
		"controls": strings.Repeat("\u202e", 2_000),
		"bytes":    strings.Repeat("\xff", 2_000),
		"one over": strings.Repeat("a", plaintext.Limit+1),
	} {
		got := plaintext.Bound(in)
		if len(got) > plaintext.Limit || len(got) < plaintext.Limit-100 || !strings.HasSuffix(got, " bytes cut)") || !utf8.ValidString(got) {
			t.Errorf("%s: %d bytes, ending in %q", name, len(got), got[max(len(got)-40, 0):])
		}
		if again := plaintext.Bound(got); again != got {
			t.Errorf("%s: the second call returned something else", name)
		}
	}
	whole := strings.Repeat("a", plaintext.Limit)
	if got := plaintext.Bound(whole); got != whole {
		t.Errorf("%d bytes became %d", len(whole), len(got))
	}
	if got := plaintext.Bound(whole[1:] + "\n"); !strings.HasSuffix(got, "cut)") || len(got) > plaintext.Limit {
		t.Errorf("an escape over the limit: %d bytes, ending in %q", len(got), got[len(got)-40:])
	}
	if got, want := plaintext.Bound(strings.Repeat("a", 10_000)), "(5944 bytes cut)"; !strings.HasSuffix(got, want) {
		t.Errorf("ends in %q, want %q", got[len(got)-40:], want)
	}
}

func TestBoundCopiesNothingThatIsPlain(t *testing.T) {
	text := strings.Repeat("plain ", 100)
	if n := testing.AllocsPerRun(10, func() { plaintext.Bound(text) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzBound(f *testing.F) {
	for _, s := range []string{"", "a", "\u009b", "\u202e\u2028\xff", strings.Repeat("\u202e", 1000), strings.Repeat("x", 5000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got := plaintext.Bound(in)
		if len(got) > plaintext.Limit || !utf8.ValidString(got) || plaintext.Bound(got) != got {
			t.Errorf("Bound(%q) = %q", in, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
				t.Errorf("Bound(%q) holds %U", in, r)
			}
		}
	})
}
