package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// The fields of a list come in any order, which API servers draw at random.
func TestListCBORAnyOrder(t *testing.T) {
	fields := [][]byte{
		unhex(t, "44 6b696e64 47 506f644c697374"), // kind
		unhex(t, "48 6d65746164617461 a1 4f 7265736f7572636556657273696f6e 42 3737"),
		slices.Concat(unhex(t, "45 6974656d73 82"), toCBOR(t, pod("p0")), toCBOR(t, pod("p1"))),
		unhex(t, "41 78 82 01 a1 41 61 5f 41 62 ff"), // unknown
	}
	for i := range 24 {
		order := permutation(i, len(fields))
		var known, unknown []byte
		known, unknown = append(known, cborMagic+"\xa4"...), append(unknown, "\xbf"...)
		for _, n := range order {
			known, unknown = append(known, fields[n]...), append(unknown, fields[n]...)
		}
		unknown = append(unknown, cborBreak)
		for _, page := range [][]byte{known, unknown} {
			for _, in := range []io.Reader{bytes.NewReader(page), iotest.OneByteReader(bytes.NewReader(page))} {
				l := newList(t, typeCBOR, in, ReaderOptions{})
				good, bad, end := drain(t, l)
				if !errors.Is(end, io.EOF) || len(bad) > 0 || len(good) != 2 || good[1].Meta.Name != "p1" || l.Meta().ResourceVersion != "77" {
					t.Fatalf("order %v: %v, %v, %v, %+v", order, names(good), bad, end, l.Meta())
				}
			}
		}
	}
}

// permutation is one of the orders of n things.
func permutation(i, n int) []int {
	left := make([]int, n)
	for j := range left {
		left[j] = j
	}
	var out []int
	for n > 0 {
		at := i % n
		i /= n
		out, left, n = append(out, left[at]), slices.Delete(left, at, at+1), n-1
	}
	return out
}

func TestListCBOROfOtherThings(t *testing.T) {
	const (
		list     = "44 6b696e64 47 506f644c697374 "
		metadata = "48 6d65746164617461 "
		items    = "45 6974656d73 "
	)
	for name, c := range map[string]struct{ in, want string }{
		"a list":                 {"a1" + list, ""},
		"items null":             {"a2" + list + items + "f6", ""},
		"items of no length":     {"a2" + list + items + "9f ff", ""},
		"items marked":           {"a2" + list + items + "d9d9f7 80", ""},
		"metadata null":          {"a2" + list + metadata + "f6", ""},
		"another kind":           {"a1 44 6b696e64 43 506f64", `kind "Pod"`},
		"a table":                {"a1 44 6b696e64 45 5461626c65", `kind "Table"`},
		"no kind":                {"a1" + items + "80", `kind ""`},
		"a string":               {"41 61", `kind ""`},
		"nothing":                {"", "ended inside"},
		"kind a number":          {"a1 44 6b696e64 07", "kind is a number"},
		"kind twice":             {"a2" + list + list, "kind twice"},
		"items twice":            {"a3" + list + items + "80" + items + "80", "items twice"},
		"metadata twice":         {"a3" + list + metadata + "a0" + metadata + "a0", "metadata twice"},
		"items an object":        {"a2" + list + items + "a0", "items is an object, want an array"},
		"metadata a string":      {"a2" + list + metadata + "41 61", "metadata is a string, want an object"},
		"a key that is a number": {"a2 01 02" + list, "mean nothing"},
		"a break":                {"ff", "a break"},
		"a reserved head":        {"1c", "reserved"},
		"a break as a value":     {"bf" + list + items + "ff", "a break"},
		"a break in an item":     {"a2" + list + items + "82 a0 ff", "a break"},
		"something behind":       {"a1" + list + "00", "followed by something else"},
		"tagged too often":       {strings.Repeat("c6", maxCBORDepth+2), "nested more than"},
		"continue a number":      {"a2" + list + metadata + "a1 48 636f6e74696e7565 07", "metadata.continue is a number"},
	} {
		_, _, end := drain(t, newList(t, typeCBOR, bytes.NewReader(unhex(t, c.in)), ReaderOptions{}))
		if c.want == "" && !errors.Is(end, io.EOF) || !strings.Contains(end.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, end, c.want)
		}
	}
}

// A list is read item by item: its size is nobody's limit, that of one item is.
func TestListCBORLimit(t *testing.T) {
	item := toCBOR(t, pod("p"))
	page := slices.Concat(unhex(t, "a2 44 6b696e64 47 506f644c697374 45 6974656d73 99 1000"), bytes.Repeat(item, 0x1000))
	good, bad, end := drain(t, newList(t, typeCBOR, bytes.NewReader(page), ReaderOptions{MaxFrame: len(item)}))
	if !errors.Is(end, io.EOF) || len(bad) > 0 || len(good) != 0x1000 {
		t.Errorf("%d items, %v, %v", len(good), bad, end)
	}
	_, _, end = drain(t, newList(t, typeCBOR, bytes.NewReader(page), ReaderOptions{MaxFrame: len(item) - 1}))
	if _, ok := errors.AsType[*FrameTooLargeError](end); !ok {
		t.Error(end)
	}
}

// An item that cannot be understood is skipped.
func TestListCBORSkipsBadItems(t *testing.T) {
	page := slices.Concat(unhex(t, "a2 44 6b696e64 47 506f644c697374 45 6974656d73 85"),
		toCBOR(t, pod("a")), unhex(t, "07 f6 a0"), toCBOR(t, pod("z")))
	good, bad, end := drain(t, newList(t, typeCBOR, bytes.NewReader(page), ReaderOptions{}))
	if !errors.Is(end, io.EOF) || len(bad) != 3 || fmt.Sprint(names(good)) != "[LISTED a LISTED z]" {
		t.Errorf("%v, %v, %v", names(good), bad, end)
	}
}
