package wire

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// endOfBrackets has the bytes arrive in so many at once.
func endOfBrackets(in []byte, step int) int {
	var s jsonBrackets
	for n := min(step, len(in)); ; n = min(n+step, len(in)) {
		if end := s.end(in[:n]); end != jsonMore || n == len(in) {
			return end
		}
	}
}

func TestJSONBrackets(t *testing.T) {
	deep := strings.Repeat(`[{"a":`, 100) + `1` + strings.Repeat(`}]`, 100)
	for _, c := range []struct {
		in   string
		want int // 0: all of it
	}{
		{in: `{}`}, {in: `[]`}, {in: `{}}`, want: 2}, {in: `[{}]{}`, want: 4}, {in: `{"a":[1,2,{"b":"]}"}]}`},
		{in: `{"a":"\""}`}, {in: `{"a":"\\"}`}, {in: `{"a":"\\\""}`}, {in: `["` + strings.Repeat(`\\`, 100) + `"]`}, {in: `["` + strings.Repeat(`\"`, 100) + `"]`},
		{in: `["é[ü{ä"]`}, {in: `["` + strings.Repeat("é", 40) + `[",{}]`}, {in: "[\n\t1 ,\r\n2]"}, {in: `["Y_y"]`}, {in: `[` + strings.Repeat(" ", 62) + `]`}, {in: `[` + strings.Repeat(" ", 63) + `]`},
		{in: deep + strings.Repeat(" ", 64), want: len(deep)}, {in: "[1]\"\n", want: 3}, {in: `[1]\`, want: 3}, {in: `[abc:,]`}, {in: `["\q"]`},
		{in: `[`, want: jsonMore}, {in: `{"a":"}`, want: jsonMore}, {in: `["\"]`, want: jsonMore}, {in: `["\`, want: jsonMore}, {in: deep[:len(deep)-1], want: jsonMore}, {in: deep[:400], want: jsonMore},
		{in: `[}`, want: jsonOdd}, {in: `{"a":[}]`, want: jsonOdd}, {in: "[\"\n\"]", want: jsonOdd}, {in: "[\"" + strings.Repeat("x", 70) + "\x00\"]", want: jsonOdd},
		{in: `[\"]"]`, want: jsonOdd}, {in: `[y]`, want: jsonOdd}, {in: `[_]`, want: jsonOdd}, {in: `[Y]`, want: jsonOdd}, {in: "[\x7f]", want: jsonOdd},
		{in: strings.Repeat(`[`, 12000), want: jsonOdd}, {in: strings.Repeat(`[`, 9000), want: jsonMore},
	} {
		want := c.want
		if want == 0 {
			want = len(c.in)
		}
		for _, step := range []int{len(c.in), 1, 7, 64, 65} {
			if got := endOfBrackets([]byte(c.in), step); got != want {
				t.Errorf("%.80s in steps of %d: %d, want %d", c.in, step, got, want)
			}
		}
	}
}

func FuzzJSONBrackets(f *testing.F) {
	for _, s := range objectSeeds(f) {
		f.Add([]byte(s), uint8(7))
	}
	f.Fuzz(func(t *testing.T, in []byte, step uint8) {
		if len(in) == 0 || in[0] != '{' && in[0] != '[' {
			return
		}
		got := endOfBrackets(in, 1+int(step))
		m := mender{in: in}
		switch ok := m.brackets(); {
		case got >= 0 && (!ok || m.i != got):
			t.Fatalf("ends at %d; want %d, %v", got, m.i, ok)
		case got < 0 && ok && bytes.Count(in, []byte("{"))+bytes.Count(in, []byte("[")) < 64:
			t.Fatalf("%d; want %d", got, m.i)
		}
	})
}

func FuzzJSONText(f *testing.F) {
	for _, s := range []string{``, `a`, `\"\\\/\b\f\n\r\t`, `\u00e9\ud83d\ude00`, `\ud83d`, `\ud83d\u0041`, `\ude00\ud83d\ude00`, "\xff\xc3\xa9\xe2\x82", `\u12`, `\q`, `\`, "\x1f", `"`, `é\uD83D\uDE00\ud83d\ud83d\ude00x`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		quoted := append(append([]byte{'"'}, in...), '"')
		var got, want string
		err := json.Unmarshal(quoted, &want)
		end := jsonText(quoted, 0, &got)
		if (end == len(quoted)) != (err == nil) || err == nil && got != want {
			t.Fatalf("%q to %d; want %q, %v", got, end, want, err)
		}
	})
}

// FuzzJSONScalar compares what is no string, object or array with encoding/json.
func FuzzJSONScalar(f *testing.F) {
	for _, s := range []string{`0`, `-0`, `12`, `-1.50`, `1e9`, `1E-05`, `01`, `-`, `1.`, `.5`, `1e`, `+1`, `true`, `false`, `null`, `nul`, `truer`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) == 0 || bytes.ContainsAny(in, "\"[]{}, \t\r\n") {
			return
		}
		in = append(in, ',')
		if end := jsonScalar(in, 0); (end == len(in)-1) != json.Valid(in[:len(in)-1]) {
			t.Fatalf("%q to %d", in, end)
		}
	})
}
