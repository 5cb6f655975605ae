package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"
	"testing/iotest"

	fxcbor "github.com/fxamacker/cbor/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Differential tests, as in fuzz_test.go: what the API machinery's decoder of CBOR accepts is found here too.

// structural is a decoder that looks at nothing but the structure.
var structural = func() fxcbor.DecMode {
	mode, err := fxcbor.DecOptions{MaxNestedLevels: maxCBORDepth, MaxArrayElements: 1<<31 - 1, MaxMapPairs: 1<<31 - 1}.DecMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

// items are the data items that the library finds in a sequence; complete says that nothing is left.
func items(tb testing.TB, in []byte) (out [][]byte, complete bool) {
	tb.Helper()
	for len(in) > 0 {
		err := structural.Wellformed(in)
		if err == nil {
			return append(out, in), true
		}
		if _, ok := errors.AsType[*fxcbor.ExtraneousDataError](err); !ok {
			return out, false
		}
		var more, end int // it says in words alone where the item ends
		if _, err := fmt.Sscanf(err.Error(), "cbor: %d bytes of extraneous data starting at index %d", &more, &end); err != nil {
			tb.Fatal(err)
		}
		out, in = append(out, in[:end]), in[end:]
	}
	return out, true
}

// FuzzSplitCBOR takes any bytes for a sequence of items.
func FuzzSplitCBOR(f *testing.F) {
	f.Add(append(eventCBOR(f, "ADDED", toCBOR(f, pod("a"))), eventCBOR(f, "ERROR", cborOf(f, statusJSON))...))
	f.Add(indefinite(f, eventCBOR(f, "ADDED", toCBOR(f, pod("a")))))
	f.Add(textStrings(f, eventCBOR(f, "ADDED", toCBOR(f, pod("a")))))
	for _, s := range []string{"5f 41 61 ff", "bf 61 61 9f c1 c6 01 ffff", "f8 20 f7 e0 f9 7e00 fa 7fc00000 fb 7ff8000000000000", "1b ffffffffffffffff", "c1 80", "d9d9f7 a0 c6c6 80"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		want, complete := items(t, in)
		for _, r := range []io.Reader{bytes.NewReader(in), iotest.OneByteReader(bytes.NewReader(in)), &odd{in: in}} {
			input := newCBORInput(newMeter(r, ReaderOptions{}))
			for i := range len(want) + 1 {
				got, err := input.item()
				switch {
				case i < len(want) && (err != nil || !bytes.Equal(got.Raw, want[i])):
					t.Fatalf("item %d: %v, want %x", i, err, want[i])
				case i == len(want) && (err == nil || errors.Is(err, io.EOF) != complete):
					t.Fatalf("after %d items: %v, want an end: %v", i, err, complete)
				}
			}
			passing := newCBORInput(newMeter(bytes.NewReader(in), ReaderOptions{}))
			for range want {
				if err := passing.pass(); err != nil {
					t.Fatalf("passed over: %v", err)
				}
			}
		}
		at := 0
		for _, item := range want {
			end, err := skipCBOR(in, at)
			if err != nil || end != at+len(item) {
				t.Fatalf("skip from %d to %d, %v; want %d", at, end, err, at+len(item))
			}
			at = end
		}
		if end, err := skipCBOR(in, at); err == nil {
			t.Fatalf("skip from %d to %d, want an error", at, end)
		}
	})
}

func FuzzScanCBOR(f *testing.F) {
	for _, name := range []string{"web"} {
		raw := toCBOR(f, pod(name))
		for _, in := range [][]byte{raw, indefinite(f, raw), textStrings(f, raw), reordered(f, raw)} {
			f.Add(in)
		}
	}
	f.Add(cborOf(f, `{"metadata":{"name":"a","labels":{"a":"b","c":null},"finalizers":["x",null],"ownerReferences":[{"controller":null,"name":"o"},null],"generation":-5}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var want metav1.PartialObjectMetadata
		wantErr := decodeCBOR(in, &want)
		got, err := scanCBOR(in)
		if wantErr == nil && !errors.Is(err, errNoMetadata) && (err != nil || !same(got, metaOf(&want.ObjectMeta))) {
			t.Fatalf("scan    %+v, %v\nlibrary %+v", got, err, metaOf(&want.ObjectMeta))
		}
		if errors.Is(err, errNoMetadata) && wantErr == nil && !same(Meta{}, metaOf(&want.ObjectMeta)) {
			t.Fatalf("no metadata, library %+v", metaOf(&want.ObjectMeta))
		}
		got = got.Clone()
		cut := CutManagedFields(bytes.Clone(in), cborEncoding)
		if len(cut) > len(in) {
			t.Fatal("cutting added something")
		}
		after, afterErr := scanCBOR(cut)
		if err == nil && (afterErr != nil || !same(after, got)) {
			t.Fatalf("scan %+v, after the cut %+v, %v", got, after, afterErr)
		}
		if wantErr != nil {
			return
		}
		var bare metav1.PartialObjectMetadata
		bareErr := decodeCBOR(cut, &bare)
		if len(cut) < len(in) {
			want.ManagedFields = nil
		}
		if bareErr != nil || !reflect.DeepEqual(bare, want) {
			t.Fatalf("after the cut the library finds %+v, %v, before it %+v", bare, bareErr, want)
		}
	})
}

func FuzzListCBOR(f *testing.F) {
	page := toCBOR(f, podList(2))
	for _, in := range [][]byte{page, indefinite(f, page), textStrings(f, page), reordered(f, page)} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		l := newList(t, typeCBOR, bytes.NewReader(in), ReaderOptions{})
		good, bad, end := drainAll(t, l, len(in)+2)
		if found, complete := items(t, in); errors.Is(end, io.EOF) && (!complete || len(found) != 1) {
			t.Fatalf("a list was read from what is not one data item")
		}
		var want metav1.PartialObjectMetadataList
		if decodeCBOR(in, &want) != nil {
			return
		}
		if !errors.Is(end, io.EOF) {
			return // of another kind, or tags where a list has none
		}
		if len(good)+bad != len(want.Items) || l.Meta().ResourceVersion != want.ResourceVersion || l.Meta().Continue != want.Continue {
			t.Fatalf("%d+%d items, %+v; the library: %d, %+v", len(good), bad, l.Meta(), len(want.Items), want.ListMeta)
		}
		for i := range good {
			if bad == 0 && !same(good[i].Meta, metaOf(&want.Items[i].ObjectMeta)) {
				t.Fatalf("item %d: %+v", i, good[i].Meta)
			}
		}
	})
}
