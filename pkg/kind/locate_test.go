package kind

import (
	"errors"
	"strings"
	"testing"
)

func TestLocateStopsAtItsLimit(t *testing.T) {
	const depth = 3 * maxLocated
	raw := `{"spec":` + strings.Repeat(`{"parts":[`, depth) + `{"replicas":"x"}` + strings.Repeat(`]}`, depth) + `}`
	_, err := gadget.Decode([]byte(raw), JSON)
	var de *DecodeError
	if !errors.As(err, &de) {
		t.Fatal(err)
	}
	if want := "spec" + strings.Repeat(".parts[0]", maxLocated/2-1) + ".parts"; de.Path != want {
		t.Errorf("path %q, want the first %d levels", de.Path, maxLocated)
	}
}

// The same document gives the same path, though it has several mistakes.
func TestLocateIsStable(t *testing.T) {
	raw := `{"spec":{"byName":{"c":"x","a":[],"b":{}},"when":"x","replicas":"x"}}`
	for range 20 {
		_, err := gadget.Decode([]byte(raw), JSON)
		var de *DecodeError
		if !errors.As(err, &de) || de.Path != "spec.replicas" {
			t.Fatalf("error %v, want the first field of the Go type that is wrong", err)
		}
	}
}

func TestLocateFollowsNothingTwice(t *testing.T) {
	// A field that decodes is passed over, and a null has no type.
	_, err := gadget.Decode([]byte(`{"spec":{"when":null,"size":"1","owner":"o","parts":null,"byName":{"a":1.5}}}`), JSON)
	var de *DecodeError
	if !errors.As(err, &de) || de.Path != "spec.byName[*]" || de.Reason != "a number does not decode into int" {
		t.Errorf("error %v", err)
	}
}

func TestJSONTypeNames(t *testing.T) {
	for raw, want := range map[string]string{
		`{}`: "an object", `[]`: "a list", `"a"`: "a string", `true`: "a boolean", `false`: "a boolean",
		`null`: "null", `1`: "a number", `-1`: "a number", ``: "nothing",
	} {
		if got := jsonType([]byte(raw)); got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}
