package marker

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"testing"
)

func TestIn(t *testing.T) {
	const value = "hunter2-Gx7Qm2Zp9LwT4vKb"
	pieces := Pieces(value)
	raw := []byte(value)
	for name, text := range map[string]string{
		"itself":        "a " + value + " b",
		"a part":        "a " + value[5:14] + " b",
		"base64":        base64.StdEncoding.EncodeToString(raw),
		"within base64": base64.URLEncoding.EncodeToString([]byte(`{"x":"` + value + `"}`)),
		"one further":   base64.StdEncoding.EncodeToString([]byte(`{"xy":"` + value + `"}`)),
		"two further":   base64.StdEncoding.EncodeToString([]byte(`{"xyz":"` + value + `"}`)),
		"hexadecimal":   fmt.Sprintf("%x", value),
		"capitals":      fmt.Sprintf("%X", value),
		"numbers":       fmt.Sprintf("%d", raw),
		"a dump":        hex.Dump(append([]byte("abc"), raw...)),
	} {
		if In(text, pieces) == "" {
			t.Errorf("%s: not found in %s", name, text)
		}
	}
	for _, text := range []string{"", value[:7], "hunter2", fmt.Sprintf("%d", raw[:7])} {
		if found := In(text, pieces); found != "" {
			t.Errorf("found %s", found)
		}
	}
	for _, short := range []string{"", "a", "abcdefg"} {
		for _, p := range Pieces(short) {
			if len(p) < length {
				t.Errorf("%q has the piece %q", short, p)
			}
		}
	}
}
