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

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// podList is a page; in protobuf and JSON its items have no kind.
func podList(n int) *corev1.PodList {
	l := &corev1.PodList{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"},
		ListMeta: metav1.ListMeta{ResourceVersion: "77", Continue: "tok\"en", RemainingItemCount: new(int64(5))},
	}
	for i := range n {
		p := pod(fmt.Sprint("p", i))
		p.TypeMeta = metav1.TypeMeta{}
		l.Items = append(l.Items, *p)
	}
	return l
}

// listForm is one way in which a server writes lists.
type listForm struct {
	contentType string
	encoding    kind.Encoding
	list        func(tb testing.TB, l *corev1.PodList) []byte
}

var listForms = map[string]listForm{
	"JSON": {typeJSON, kind.JSON, func(tb testing.TB, l *corev1.PodList) []byte {
		tb.Helper()
		return toJSON(tb, l)
	}},
	"protobuf": {typeProtobuf, kind.ProtobufBare, func(tb testing.TB, l *corev1.PodList) []byte {
		tb.Helper()
		return enveloped(tb, "PodList", l)
	}},
	"CBOR": {typeCBOR, kind.CBOR, func(tb testing.TB, l *corev1.PodList) []byte {
		tb.Helper()
		return toCBOR(tb, l)
	}},
}

func TestListReadsItems(t *testing.T) {
	for encoding, f := range listForms {
		t.Run(encoding, func(t *testing.T) {
			for _, n := range []int{0, 1, 7} {
				page := f.list(t, podList(n))
				for name, in := range map[string]io.Reader{
					"at once":      bytes.NewReader(page),
					"byte by byte": iotest.OneByteReader(bytes.NewReader(page)),
					"end with it":  iotest.DataErrReader(bytes.NewReader(page)),
				} {
					bytesRead := 0
					l := newList(t, f.contentType, in, ReaderOptions{Bytes: func(n int) { bytesRead += n }})
					good, bad, end := drain(t, l)
					if !errors.Is(end, io.EOF) || len(bad) > 0 || len(good) != n || bytesRead != len(page) {
						t.Fatalf("%d items %s: %d frames, %v, %v, %d bytes of %d", n, name, len(good), bad, end, bytesRead, len(page))
					}
					for i, got := range good {
						if got.Type != Listed || got.Encoding != f.encoding || !same(got.Meta, podMeta(fmt.Sprint("p", i))) {
							t.Errorf("item %d: %s %s %+v", i, got.Type, got.Encoding, got.Meta)
						}
					}
					if want := (ListMeta{ResourceVersion: "77", Continue: "tok\"en", Remaining: 5}); l.Meta() != want {
						t.Errorf("metadata %+v, want %+v", l.Meta(), want)
					}
				}
			}
		})
	}
}

// A list that is cut never looks complete: what is missing would be taken for deleted.
func TestListCutAnywhere(t *testing.T) {
	for encoding, f := range listForms {
		t.Run(encoding, func(t *testing.T) {
			for _, n := range []int{0, 2} {
				page := f.list(t, podList(n))
				for cut := range page {
					good, bad, end := drain(t, newList(t, f.contentType, bytes.NewReader(page[:cut]), ReaderOptions{}))
					if len(bad) > 0 || len(good) > n {
						t.Fatalf("cut at %d: %v, %v", cut, names(good), bad)
					}
					// The end of protobuf is where all that was announced has come; fields behind the list may lack.
					if errors.Is(end, io.EOF) && f.encoding == kind.ProtobufBare && len(good) == n && len(page)-cut <= 4 {
						continue
					}
					if !errors.Is(end, io.ErrUnexpectedEOF) || errors.Is(end, io.EOF) {
						t.Fatalf("cut at %d of %d: %v", cut, len(page), end)
					}
				}
			}
		})
	}
}

// Items are handed out as they arrive, not when the list is complete.
func TestListStreams(t *testing.T) {
	for encoding, f := range listForms {
		t.Run(encoding, func(t *testing.T) {
			r, w := io.Pipe()
			defer r.Close()
			page := f.list(t, podList(3))
			first, _, _ := bytes.Cut(page, []byte("p1"))
			go func() { _, _ = w.Write(first) }()
			l := newList(t, f.contentType, r, ReaderOptions{})
			got, err := l.Next() // hangs, were it to wait for the second item
			if err != nil || got.Meta.Name != "p0" {
				t.Fatalf("%q, %v", got.Meta.Name, err)
			}
		})
	}
}

func TestListRefusesLargeItems(t *testing.T) {
	for encoding, f := range listForms {
		t.Run(encoding, func(t *testing.T) {
			pods := podList(3)
			pods.Items[1].Annotations["large"] = strings.Repeat("x", 1<<20)
			good, bad, end := drain(t, newList(t, f.contentType, bytes.NewReader(f.list(t, pods)), ReaderOptions{MaxFrame: 1 << 19}))
			var large *FrameTooLargeError
			if len(good) != 1 || len(bad) > 0 || !errors.As(end, &large) {
				t.Errorf("%v, %v, %v", names(good), bad, end)
			}
			// The limit is for an item, not for the list.
			good, _, end = drain(t, newList(t, f.contentType, bytes.NewReader(f.list(t, podList(100))), ReaderOptions{MaxFrame: 4 << 10}))
			if len(good) != 100 || !errors.Is(end, io.EOF) {
				t.Errorf("%d items, %v", len(good), end)
			}
		})
	}
}

func TestListReadError(t *testing.T) {
	for encoding, f := range listForms {
		t.Run(encoding, func(t *testing.T) {
			reset := errors.New("connection reset")
			page := f.list(t, podList(2))
			for cut := range len(page) - 8 {
				_, _, end := drain(t, newList(t, f.contentType, io.MultiReader(bytes.NewReader(page[:cut]), iotest.ErrReader(reset)), ReaderOptions{}))
				if !errors.Is(end, reset) {
					t.Fatalf("cut at %d: %v", cut, end)
				}
			}
		})
	}
}

func TestListJSON(t *testing.T) {
	const a, b = `{"metadata":{"name":"a"}}`, `{"metadata":{"name":"b"}}`
	for _, c := range []struct {
		name, in string
		want     []string
		bad      int
		meta     ListMeta
		end      string // "": io.EOF
	}{
		{name: "kind last", in: `{"items":[` + a + `,` + b + `],"metadata":{"resourceVersion":"5"},"kind":"XList"}`, want: []string{"LISTED a", "LISTED b"}, meta: ListMeta{ResourceVersion: "5"}},
		{name: "white space", in: "\n{ \"kind\" : \"XList\" ,\n\"items\" : [\n" + a + "\n,\n" + b + "\n]\n}\n", want: []string{"LISTED a", "LISTED b"}},
		{name: "unknown fields", in: `{"kind":"XList","x":{"items":[1]},"items":[` + a + `],"y":[[]]}`, want: []string{"LISTED a"}},
		{name: "null items", in: `{"kind":"XList","items":null,"metadata":{"resourceVersion":"5","continue":null}}`, meta: ListMeta{ResourceVersion: "5"}},
		{name: "no items", in: `{"kind":"XList","metadata":null}`},
		{name: "metadata twice", in: `{"kind":"XList","metadata":{"resourceVersion":"5","continue":"x"},"metadata":{"resourceVersion":"6"}}`, meta: ListMeta{ResourceVersion: "6", Continue: "x"}},
		{name: "case counts", in: `{"kind":"XList","Items":[1],"Kind":"Table","items":[` + a + `]}`, want: []string{"LISTED a"}},
		{name: "bad items", in: `{"kind":"XList","items":[1,null,"SECRET",[],{},{"metadata":{}},{"metadata":{"name":5}},` + a + `]}`, want: []string{"LISTED a"}, bad: 7},
		{name: "Table", in: `{"kind":"Table","columnDefinitions":[],"rows":[]}`, end: `kind "Table"`},
		{name: "Table, kind last", in: `{"metadata":{},"rows":[],"kind":"Table"}`, end: `kind "Table"`},
		{name: "Status", in: statusJSON, end: `kind "Status"`},
		{name: "no kind", in: `{"items":[` + a + `]}`, want: []string{"LISTED a"}, end: `kind ""`},
		{name: "kind null", in: `{"kind":null,"items":[]}`, end: `kind ""`},
		{name: "kind a number", in: `{"kind":5,"items":[]}`, end: `kind ""`},
		{name: "an array", in: `[` + a + `]`, end: `kind ""`},
		{name: "null", in: `null`, end: `kind ""`},
		{name: "items an object", in: `{"kind":"XList","items":{"SECRET":1}}`, end: "items is an object"},
		{name: "items twice", in: `{"kind":"XList","items":[` + a + `],"items":[` + b + `]}`, want: []string{"LISTED a"}, end: "items twice"},
		{name: "version a number", in: `{"kind":"XList","metadata":{"resourceVersion":5},"items":[]}`, end: "metadata.resourceVersion is a number"},
		{name: "broken", in: `{"kind":"XList","items":[` + a + `}`, want: []string{"LISTED a"}, end: "malformed"},
		{name: "followed by something", in: `{"kind":"XList","items":[]} {}`, end: "followed by"},
		{name: "followed by rubbish", in: `{"kind":"XList","items":[]} <`, end: "malformed"},
		{name: "not JSON", in: `<html>`, end: "malformed"},
		{name: "empty", in: ``, end: "ended inside"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newList(t, typeJSON, strings.NewReader(c.in), ReaderOptions{})
			good, bad, end := drain(t, l)
			if got := names(good); !slices.Equal(got, c.want) || len(bad) != c.bad {
				t.Errorf("items %q, want %q; bad %v, want %d", got, c.want, bad, c.bad)
			}
			if c.end == "" && (!errors.Is(end, io.EOF) || l.Meta() != c.meta) {
				t.Errorf("end %v, metadata %+v, want %+v", end, l.Meta(), c.meta)
			}
			if c.end != "" {
				checkError(t, end, c.end)
			}
		})
	}
}

func TestListProtobuf(t *testing.T) {
	item := func(name string) string { return string(pb{}.text(1, string(pb{}.text(metaName, name)))) }
	typeMeta := func(kind string) pb { return pb{}.text(1, string(pb{}.text(1, "v1").text(2, kind))) }
	meta := string(pb{}.text(2, "5").text(3, "tok").number(4, 9))
	list := string(pb{}.text(1, meta).text(2, item("a")).text(2, item("b")))
	both := []string{"LISTED a", "LISTED b"}
	for _, c := range []struct {
		name string
		in   pb
		want []string
		bad  int
		end  string // "": io.EOF
	}{
		{name: "usual", in: typeMeta("XList").text(2, list).text(3, "").text(4, ""), want: both},
		{name: "kind last", in: append(pb{}.text(2, list), typeMeta("XList")...), want: both},
		{name: "metadata last", in: typeMeta("XList").text(2, string(pb{}.text(2, item("a")).text(2, item("b")).text(1, meta))), want: both},
		{name: "unknown fields", in: typeMeta("XList").text(9, "x").number(8, 300).fixed(7).text(2, string(pb{}.text(9, "x").number(8, 300).fixed(7))+list), want: both},
		{name: "bad items", in: typeMeta("XList").text(2, string(pb{}.text(1, meta).text(2, "").text(2, "SECRET").text(2, string(pb{}.number(1, 1))).text(2, item("")))+list), want: both, bad: 4},
		{name: "Table", in: typeMeta("Table").text(2, list), end: `kind "Table"`},
		{name: "Table, kind last", in: append(pb{}.text(2, list), typeMeta("Table")...), want: both, end: `kind "Table"`},
		{name: "no kind", in: pb{}.text(2, list), want: both, end: `kind ""`},
		{name: "no list", in: typeMeta("XList"), end: "ended inside"},
		{name: "list twice", in: typeMeta("XList").text(2, list).text(2, list), want: both, end: "twice"},
		{name: "compressed by itself", in: typeMeta("XList").text(3, "gzip").text(2, list), end: "content encoding"},
		{name: "an item a number", in: typeMeta("XList").text(2, string(pb{}.number(2, 5))+list), end: "wire type 0"},
		{name: "metadata a number", in: typeMeta("XList").text(2, string(pb{}.number(1, 5))+list), end: "wire type 0"},
		{name: "version a number", in: typeMeta("XList").text(2, string(pb{}.text(1, string(pb{}.number(2, 5))))+list), end: "metadata.resourceVersion"},
		{name: "kind a number", in: pb{}.text(1, string(pb{}.number(2, 5))), end: "kind has"},
		{name: "an item beyond the list", in: typeMeta("XList").text(2, "\x12\x7fab"), end: "beyond the message"},
		{name: "a length beyond the list", in: typeMeta("XList").text(2, "\x12\x80"), end: "beyond the message"},
		{name: "a field beyond the list", in: typeMeta("XList").text(2, "\x4a\x7fab"), end: "beyond the message"},
		{name: "a group", in: typeMeta("XList").text(2, string(pb{}.group(7))), end: "wire type 3"},
		{name: "a field without number", in: pb{0x02, 0x00}, end: "no valid number"},
		{name: "a number that does not end", in: pb("\x88\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), end: "longer than ten"},
		{name: "a number of 70 bits", in: pb("\x88\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), end: "malformed"},
		{name: "a large unknown field", in: typeMeta("XList").text(9, strings.Repeat("x", 2000)).text(2, list), end: "larger than the limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newList(t, typeProtobuf, bytes.NewReader(append([]byte("k8s\x00"), c.in...)), ReaderOptions{MaxFrame: 1000})
			good, bad, end := drain(t, l)
			if got := names(good); !slices.Equal(got, c.want) || len(bad) != c.bad {
				t.Errorf("items %q, want %q; bad %v, want %d", got, c.want, bad, c.bad)
			}
			if c.end != "" {
				checkError(t, end, c.end)
			} else if want := (ListMeta{ResourceVersion: "5", Continue: "tok", Remaining: 9}); !errors.Is(end, io.EOF) || l.Meta() != want {
				t.Errorf("end %v, metadata %+v", end, l.Meta())
			}
		})
	}
	_, _, end := drain(t, newList(t, typeProtobuf, strings.NewReader("rubbish"), ReaderOptions{}))
	checkError(t, end, "neither JSON nor")
}
