package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/ancho-dev/ancho/internal/poison"
)

func TestScanCBOR(t *testing.T) {
	for name, in := range map[string][]byte{
		"as a server writes it": toCBOR(t, pod("web")),
		"without the tag":       toCBOR(t, pod("web"))[len(cborMagic):],
		"tagged twice":          append([]byte(cborMagic), toCBOR(t, pod("web"))...),
		"text strings":          textStrings(t, toCBOR(t, pod("web"))),
		"nothing of a length":   indefinite(t, toCBOR(t, pod("web"))),
	} {
		got, err := scanCBOR(in)
		if err != nil || !same(got, podMeta("web")) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// Each line is an object in hexadecimal, after the beginning of a map with one pair, metadata.
func TestScanCBOROfMetadata(t *testing.T) {
	const object = "a1 48 6d65746164617461 "
	for _, c := range []struct{ name, in, want string }{
		{"name, a byte string", "a1 44 6e616d65 41 61", "a"},
		{"name, a text string", "a1 64 6e616d65 61 61", "a"},
		{"name in parts", "a1 44 6e616d65 5f 41 61 40 41 62 ff", "ab"},
		{"text in parts", "a1 44 6e616d65 7f 61 61 61 62 ff", "ab"},
		{"the name of the field in parts", "a1 5f 42 6e61 42 6d65 ff 41 61", "a"},
		{"a length of two bytes where one would do", "b9 0001 5900 04 6e616d65 58 01 61", "a"},
		{"an object without a length", "bf 44 6e616d65 41 61 ff", "a"},
		{"null", "a1 44 6e616d65 f6", ""},
		{"tagged name", "a1 44 6e616d65 d9d9f7 41 61", "a"},
		{"a tag that is passed over", "a1 44 6e616d65 d8 63 41 61", "a"},
		{"bytes to be read as base64", "a1 44 6e616d65 d6 42 6162", "YWI="},
		{"other fields before and after", "a3 41 78 83 01 fb 3ff0000000000000 a0 44 6e616d65 41 61 41 79 f5", "a"},
		{"generation", "a1 4a 67656e65726174696f6e 1b 7fffffffffffffff", "generation 9223372036854775807"},
		{"negative generation", "a1 4a 67656e65726174696f6e 3b 7fffffffffffffff", "generation -9223372036854775808"},
		{"generation null", "a1 4a 67656e65726174696f6e f6", ""},
		{"deletion null", "a1 51 64656c6574696f6e54696d657374616d70 f6", ""},
		{"labels null", "a1 46 6c6162656c73 f6", ""},
		{"finalizers null", "a1 4a 66696e616c697a657273 f6", ""},
		{"a key that is a number is as good as unknown", "a2 01 02 44 6e616d65 41 61", "a"},
		{"a finalizer null", "a1 4a 66696e616c697a657273 81 f6", "finalizers 1"},

		{"a number", "a1 44 6e616d65 07", "error metadata.name is a number, want a string"},
		{"a boolean", "a1 44 6e616d65 f5", "error metadata.name is a boolean, want a string"},
		{"undefined", "a1 44 6e616d65 f7", "error decoder"},
		{"invalid text", "a1 44 6e616d65 61 ff", "error decoder"},
		{"twice", "a2 44 6e616d65 41 61 64 6e616d65 41 62", "error twice"},
		{"generation too large", "a1 4a 67656e65726174696f6e 1b 8000000000000000", "error metadata.generation is a number that is not an integer of 64 bits"},
		{"generation with a fraction", "a1 4a 67656e65726174696f6e f9 3c00", "error metadata.generation is a number, want an integer"},
		{"labels an array", "a1 46 6c6162656c73 80", "error metadata.labels is an array, want an object"},
		{"a label a number", "a1 46 6c6162656c73 a1 41 53 01", "error decoder"},
		{"a label a key that is a number", "a1 46 6c6162656c73 a1 01 41 61", "error decoder"},
		{"a label twice", "a1 46 6c6162656c73 a2 41 61 41 62 61 61 41 62", "error metadata.labels: a key comes twice"},
		{"not an object", "41 61", "error metadata is a string, want an object"},
		{"metadata null", "f6", "error no metadata"},
		{"cut", "a1 44 6e616d65 42 61", "error goes beyond the end"},
		{"cut in a head", "a1 44 6e616d65 59 00", "error ends inside"},
		{"cut after a tag", "a1 44 6e616d65 c1", "error ends inside"},
		{"a reserved head", "a1 44 6e616d65 1c", "error reserved"},
		{"a number without a length", "a1 44 6e616d65 1f", "error reserved"},
		{"a simple value that is written too long", "a1 44 6e616d65 f8 14", "error reserved"},
		{"a break", "a1 44 6e616d65 ff", "error a break"},
		{"a break after a key", "bf 44 6e616d65 ff", "error a break"},
		{"a break after a tag", "9f c1 ff", "error a break"},
		{"a part of another type", "a1 44 6e616d65 5f 61 61 ff", "error part of a string"},
		{"a part in parts", "a1 44 6e616d65 5f 5f 41 61 ffff", "error part of a string"},
		{"a count beyond the end", "bb ffffffffffffffff", "error ends inside"},
		{"something behind", "a1 44 6e616d65 41 61 00", "error followed by something else"},
	} {
		m, err := scanCBOR(unhex(t, object+c.in))
		switch want, failing := strings.CutPrefix(c.want, "error "); {
		case failing:
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", c.name, err, want)
			}
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		case strings.HasPrefix(c.want, "generation "):
			if got := "generation " + itoa(m.Generation); got != c.want {
				t.Errorf("%s: %s", c.name, got)
			}
		case c.want == "finalizers 1":
			if len(m.Finalizers) != 1 || m.Finalizers[0] != "" {
				t.Errorf("%s: %q", c.name, m.Finalizers)
			}
		case m.Name != c.want || m.Deleting || len(m.Labels) > 0 || len(m.Finalizers) > 0:
			t.Errorf("%s: %+v, want the name %q", c.name, m, c.want)
		}
	}
}

func TestScanCBOROfOtherThings(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"nothing":           {"", "ends inside"},
		"a string":          {"41 61", "the object is a string, want an object"},
		"null":              {"f6", "no metadata"},
		"an empty object":   {"a0", "no metadata"},
		"metadata twice":    {"a2 48 6d65746164617461 a0 68 6d65746164617461 a0", "twice"},
		"two objects":       {"a0a0", "followed by something else"},
		"a tag alone":       {"d9d9f7", "ends inside"},
		"malformed behind":  {"a2 48 6d65746164617461 a0 41 61 1c", "reserved"},
		"owners of no type": {"a1 48 6d65746164617461 a1 4f 6f776e65725265666572656e636573 81 07", "one of metadata.ownerReferences is a number"},
		"nested too deep":   {"a1 41 61 " + strings.Repeat("81", maxCBORDepth) + "00", "nested more than"},
		"tagged too often":  {"a1 41 61 " + strings.Repeat("c6", maxCBORDepth+2) + "00", "nested more than"},
	} {
		if _, err := scanCBOR(unhex(t, c.in)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	deep := "a2 48 6d65746164617461 a0 41 61 " + strings.Repeat("81", maxCBORDepth-1) + "00"
	if _, err := scanCBOR(unhex(t, deep)); err != nil {
		t.Errorf("nested as deep as may be: %v", err)
	}
}

// An error says what is wrong, and not what the object holds; with it comes what was understood.
func TestScanCBORErrors(t *testing.T) {
	for _, text := range []string{
		`{"metadata":{"name":"a","labels":{"SECRET":7}}}`,
		`{"metadata":{"name":"a","labels":"SECRET"}}`,
		`{"metadata":{"name":"a","uid":["SECRET"]}}`,
	} {
		m, err := scanCBOR(cborOf(t, text))
		if err == nil || strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "7") {
			t.Errorf("%s: %v", text, err)
		}
		if m.Name != "a" {
			t.Errorf("%s: %+v was understood", text, m)
		}
	}
	raw := toCBOR(t, pod("web"))
	for cut := range raw {
		if _, err := scanCBOR(raw[:cut]); err == nil {
			t.Fatalf("cut at %d of %d: no error", cut, len(raw))
		}
	}
}

// Strings lie in the object: what is not cloned does not outlive it.
func TestScanCBORAliases(t *testing.T) {
	raw := toCBOR(t, pod("web"))
	var m Meta
	if err := ScanCBOR(raw, &m); err != nil {
		t.Fatal(err)
	}
	kept := m.Clone()
	if allocs := testing.AllocsPerRun(100, func() {
		if err := ScanCBOR(raw, &m); err != nil {
			t.Fatal(err)
		}
	}); allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
	for i := range raw {
		raw[i] = poison.Byte
	}
	if m.Name == "web" {
		t.Error("the name is not in the object's bytes")
	}
	if !same(kept, podMeta("web")) {
		t.Errorf("a clone changed: %+v", kept)
	}
}

func TestCutManagedCBOR(t *testing.T) {
	bare := pod("web")
	bare.ManagedFields = nil
	want := toCBOR(t, bare)
	for name, in := range map[string][]byte{
		"as a server writes it": toCBOR(t, pod("web")),
		"nothing of a length":   indefinite(t, toCBOR(t, pod("web"))),
	} {
		for _, behind := range []bool{false, true} {
			in := in
			if behind { // metadata comes last
				in = reordered(t, in)
			}
			got := CutManagedFields(append([]byte(nil), in...), cborEncoding)
			if len(got) >= len(in) {
				t.Errorf("%s: nothing was cut", name)
			}
			if !sameCBOR(t, got, want) {
				t.Errorf("%s: not the object without managedFields", name)
			}
			if m, err := scanCBOR(got); err != nil || !same(m, podMeta("web")) {
				t.Errorf("%s: %+v, %v", name, m, err)
			}
			if again := CutManagedFields(got, cborEncoding); len(again) != len(got) {
				t.Errorf("%s: cut twice", name)
			}
		}
	}
}

// A map's count is lessened in as many bytes as it has.
func TestCutManagedCBORCounts(t *testing.T) {
	const managed = "4d 6d616e616765644669656c6473 80"
	for _, c := range []struct{ in, want string }{
		{"a1 " + managed, "a0"},
		{"b8 18 " + strings.Repeat("00 01", 23) + managed, "b8 17 " + strings.Repeat("00 01", 23)},
		{"b9 0001 " + managed, "b9 0000"},
		{"b9 0100 " + strings.Repeat("00 01", 255) + managed, "b9 00ff " + strings.Repeat("00 01", 255)},
		{"ba 00010000 " + strings.Repeat("00 01", 65535) + managed, "ba 0000ffff " + strings.Repeat("00 01", 65535)},
		{"bf " + managed + " ff", "bf ff"},
	} {
		const object = "a1 48 6d65746164617461 "
		in := unhex(t, object+strings.ReplaceAll(c.in, "00 01", "41 61 01"))
		want := unhex(t, object+strings.ReplaceAll(c.want, "00 01", "41 61 01"))
		if got := CutManagedFields(in, cborEncoding); !bytes.Equal(got, want) {
			t.Errorf("%.20s: %.40x, want %.40x", c.in, got, want)
		}
	}
}

// What is not usual stays as it is.
func TestCutManagedCBORLeaves(t *testing.T) {
	const metadata, managed = "48 6d65746164617461 ", "4d 6d616e616765644669656c6473 "
	for name, text := range map[string]string{
		"nothing":           "",
		"a string":          "41 61",
		"no metadata":       "a0",
		"metadata null":     "a1" + metadata + "f6",
		"metadata tagged":   "a1" + metadata + "d9d9f7 a1" + managed + "80",
		"none":              "a1" + metadata + "a0",
		"twice":             "a1" + metadata + "a2" + managed + "80" + managed + "80",
		"cut":               "a1" + metadata + "a2" + managed + "80",
		"cut in its value":  "a1" + metadata + "a1" + managed + "82 01",
		"a key of a number": "a1" + metadata + "a2 01 02" + managed + "80",
		"elsewhere":         "a2" + managed + "80" + metadata + "a0",
	} {
		in := unhex(t, text)
		if got := CutManagedFields(append([]byte(nil), in...), cborEncoding); !bytes.Equal(got, in) {
			t.Errorf("%s: %x", name, got)
		}
	}
}

func TestCBORErrorsAreCorruption(t *testing.T) {
	var corrupt *CorruptError
	if err := cborReadError(errCBORHead, false); !errors.As(err, &corrupt) {
		t.Error(err)
	}
}
