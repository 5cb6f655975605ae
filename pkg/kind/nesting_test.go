package kind

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// nested is a message in a message, so many levels deep or as many as there is room for. It is
// written from the inside out.
func nested(field protowire.Number, levels, room int) []byte {
	buf := make([]byte, room)
	pos := room
	for range levels {
		head := protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.BytesType), uint64(room-pos))
		if len(head) > pos {
			break
		}
		pos -= len(head)
		copy(buf[pos:], head)
	}
	return buf[pos:]
}

func in(field protowire.Number, raw []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), raw)
}

// schema puts a JSONSchemaProps where a CustomResourceDefinition has it.
func schemaOf(raw []byte) []byte { return in(2, in(7, in(4, in(1, raw)))) }

// Without the look, this ends the test's process: a stack overflow is no panic.
func TestDeeplyNestedMessagesAreRefused(t *testing.T) {
	for _, levels := range []int{2 * maxNesting, 1_000_000} {
		raw := schemaOf(nested(28, levels, 16<<20)) // 28 is the field "not"
		for enc, raw := range map[Encoding][]byte{ProtobufBare: raw, Protobuf: append([]byte("k8s\x00"), in(2, raw)...)} {
			_, err := CustomResourceDefinition.Decode(raw, enc)
			var de *DecodeError
			if !errors.As(err, &de) || de.Reason != "its messages are nested too deeply" {
				t.Errorf("%d levels, %s: error %v", levels, enc, err)
			}
		}
	}
}

func TestNestingThatIsAllowedDecodes(t *testing.T) {
	for _, raw := range [][]byte{
		schemaOf(nested(28, maxNesting-10, 16<<20)), // looked at, and found good
		schemaOf(nested(28, 3_000_000, smallMessage-40)),
	} {
		if _, err := CustomResourceDefinition.Decode(raw, ProtobufBare); err != nil {
			t.Errorf("%d bytes: %v", len(raw), err)
		}
	}
}

// JSON has its own limit, in the decoder.
func TestDeeplyNestedJSONIsRefused(t *testing.T) {
	raw := []byte(strings.Repeat(`{"a":`, 3_000_000))
	for _, k := range []typed{gizmo, gadget, CustomResourceDefinition} {
		if _, err := k.decodeObject(raw, JSON); err == nil {
			t.Errorf("%s: decoded", k.Resource())
		}
	}
}

func TestTooNested(t *testing.T) {
	group := func(raw []byte) []byte { // markers of a group around it
		return append(append([]byte{0x0b}, raw...), 0x0c)
	}
	for name, test := range map[string]struct {
		raw    []byte
		levels int // the least limit that it passes
	}{
		"nothing":          {nil, 1},
		"numbers":          {[]byte{0x08, 0x01, 0x10, 0x96, 0x01}, 1},
		"fixed":            {append([]byte{0x09, 1, 2, 3, 4, 5, 6, 7, 8}, 0x0d, 1, 2, 3, 4), 1},
		"empty message":    {in(1, nil), 1},
		"message":          {in(1, []byte{0x08, 0x01}), 2},
		"ten":              {nested(1, 11, 100), 11},
		"beside":           {append(nested(1, 3, 100), nested(2, 5, 100)...), 5},
		"after a number":   {in(1, append([]byte{0x08, 0x01}, nested(3, 3, 100)...)), 4},
		"after a string":   {in(1, append(in(2, []byte("\xff\xff\xff")), nested(3, 3, 100)...)), 4},
		"after a group":    {append(group([]byte{0x08, 0x01}), nested(3, 3, 100)...), 3},
		"tag of ten bytes": {append([]byte{0x8a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7e, 4}, nested(1, 2, 4)...), 3},
	} {
		t.Run(name, func(t *testing.T) {
			if tooNested(test.raw, test.levels) {
				t.Errorf("refused with a limit of %d", test.levels)
			}
			if test.levels > 1 && !tooNested(test.raw, test.levels-1) {
				t.Errorf("passed with a limit of %d", test.levels-1)
			}
		})
	}
}

func TestTooNestedTakesWhatIsNoProtobuf(t *testing.T) {
	for _, raw := range []string{"\xff", "\x0a", "\x0a\x7f", "\x09\x01", "\x0d", "\x0f", "\x08", strings.Repeat("\xff", 20), strings.Repeat("\x0a", 1000), marker} {
		if tooNested([]byte(raw), 200) {
			t.Errorf("%q was refused", fmt.Sprintf("%.20s", raw))
		}
	}
}
