package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
	kjson "sigs.k8s.io/json"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// toCBOR is an object as an API server writes it.
func toCBOR(tb testing.TB, v runtime.Object) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := cbor.NewSerializer(nil, nil).Encode(v, &out); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// cborOf is the CBOR of a JSON document, marked as such.
func cborOf(tb testing.TB, text string) []byte {
	tb.Helper()
	var v any
	if err := kjson.UnmarshalCaseSensitivePreserveInts([]byte(text), &v); err != nil {
		tb.Fatal(err)
	}
	out, err := direct.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return append([]byte(cborMagic), out...)
}

// eventCBOR is an event as it goes over the wire. Without an object it is null.
func eventCBOR(tb testing.TB, typ string, object []byte) []byte {
	tb.Helper()
	out, err := direct.Marshal(&metav1.WatchEvent{Type: typ, Object: runtime.RawExtension{Raw: object}})
	if err != nil {
		tb.Fatal(err)
	}
	return append([]byte(cborMagic), out...)
}

// unhex reads bytes that are written in hexadecimal, with spaces.
func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	out, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func scanCBOR(raw []byte) (Meta, error) {
	var m Meta
	err := ScanCBOR(raw, &m)
	return m, err
}

const cborEncoding = kind.CBOR

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// rewritten writes CBOR again, item by item.
func rewritten(tb testing.TB, in []byte, write func(out []byte, h cborHead, content []byte) []byte, end func(h cborHead) []byte) []byte {
	tb.Helper()
	var out []byte
	var item func(at int) int
	item = func(at int) int {
		h, next, err := cborHeadAt(in, at)
		if err != nil {
			tb.Fatal(err)
		}
		switch h.major {
		case cborBytes, cborText:
			end := next + int(h.value)
			out = write(out, h, in[next:end])
			return end
		case cborArray, cborMap:
			out = write(out, h, nil)
			for range h.value * uint64(h.major-cborArray+1) {
				next = item(next)
			}
			out = append(out, end(h)...)
			return next
		case cborTag:
			out = append(out, in[at:next]...)
			return item(next)
		}
		out = append(out, in[at:next]...)
		return next
	}
	item(0)
	return out
}

// textStrings has text strings in place of byte strings.
func textStrings(tb testing.TB, in []byte) []byte {
	tb.Helper()
	return rewritten(tb, in, func(out []byte, h cborHead, content []byte) []byte {
		if h.major == cborBytes {
			h.major = cborText
		}
		return append(appendHead(out, h), content...)
	}, func(cborHead) []byte { return nil })
}

// indefinite has nothing that says its length; strings come in two parts.
func indefinite(tb testing.TB, in []byte) []byte {
	tb.Helper()
	return rewritten(tb, in, func(out []byte, h cborHead, content []byte) []byte {
		out = append(out, h.major<<5|cborIndefinite)
		if h.major > cborText {
			return out
		}
		half := len(content) / 2
		if h.major == cborText {
			half = 0
		}
		for _, part := range [][]byte{content[:half], content[half:]} {
			out = append(appendHead(out, cborHead{major: h.major, value: uint64(len(part))}), part...)
		}
		return append(out, cborBreak)
	}, func(cborHead) []byte { return []byte{cborBreak} })
}

// appendHead writes a head with a count of eight bytes.
func appendHead(out []byte, h cborHead) []byte {
	return binary.BigEndian.AppendUint64(append(out, h.major<<5|27), h.value)
}

// reordered has the pairs of an object in the other order.
func reordered(tb testing.TB, in []byte) []byte {
	tb.Helper()
	w := cborWalk{in: in}
	e, ok, err := w.enter("", cborMap)
	if !ok || err != nil {
		tb.Fatal(err)
	}
	head, pairs := in[:w.at], [][]byte{}
	for w.more(&e) {
		from := w.at
		if err := errors.Join(w.skip(), w.skip()); err != nil {
			tb.Fatal(err)
		}
		pairs = append(pairs, in[from:w.at])
	}
	slices.Reverse(pairs)
	return slices.Concat(head, slices.Concat(pairs...), in[len(head)+len(slices.Concat(pairs...)):])
}

// sameCBOR tells whether two objects decode to the same.
func sameCBOR(tb testing.TB, a, b []byte) bool {
	tb.Helper()
	var va, vb any
	if err := errors.Join(direct.Unmarshal(a, &va), direct.Unmarshal(b, &vb)); err != nil {
		tb.Fatal(err)
	}
	return reflect.DeepEqual(va, vb)
}
