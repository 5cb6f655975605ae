package wire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Whatever an answer is called, it is read as what it is: by its first bytes.
func TestWatchByItsFirstBytes(t *testing.T) {
	for encoding, f := range forms {
		stream := append(f.event(t, "ADDED", f.pod(t, "web")), f.event(t, "DELETED", f.pod(t, "web"))...)
		for _, contentType := range []string{
			"", ";;", "application/json", "application/json; q", watchPB, typeProtobuf, typeCBORSeq, "text/plain", "application/octet-stream",
		} {
			for name, in := range map[string]io.Reader{
				"at once": bytes.NewReader(stream), "byte by byte": iotest.OneByteReader(bytes.NewReader(stream)),
				"end with it": iotest.DataErrReader(bytes.NewReader(stream)),
			} {
				read := 0
				w, err := NewWatchReader(contentType, in, ReaderOptions{Bytes: func(n int) { read += n }})
				if err != nil {
					t.Fatal(err)
				}
				good, bad, end := drain(t, w)
				if len(good) != 2 || len(bad) > 0 || !errors.Is(end, io.EOF) || read != len(stream) {
					t.Errorf("%s called %q, %s: %d frames, %v, %v, %d bytes of %d", encoding, contentType, name, len(good), bad, end, read, len(stream))
				}
			}
		}
	}
}

func TestListByItsFirstBytes(t *testing.T) {
	for encoding, f := range listForms {
		page := f.list(t, podList(3))
		for _, contentType := range []string{"", ";;", typeJSON, typeProtobuf, typeCBOR, "text/plain", "application/octet-stream"} {
			good, bad, end := drain(t, newList(t, contentType, iotest.HalfReader(bytes.NewReader(page)), ReaderOptions{}))
			if len(good) != 3 || len(bad) > 0 || !errors.Is(end, io.EOF) {
				t.Errorf("%s called %q: %d items, %v, %v", encoding, contentType, len(good), bad, end)
			}
		}
	}
}

// Text in place of a binary form is text, and no frame that is too large.
func TestTextIsNoBinaryForm(t *testing.T) {
	for _, contentType := range []string{watchPB, typeProtobuf, typeCBORSeq, "", "text/plain"} {
		for _, text := range []string{"<html>", "\n\n<!doctype html>", " <?xml?>"} {
			w, err := NewWatchReader(contentType, strings.NewReader(text), ReaderOptions{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.Next()
			if _, corrupt := errors.AsType[*CorruptError](err); !corrupt || !strings.Contains(err.Error(), "HTML") {
				t.Errorf("%q called %q: %v", text, contentType, err)
			}
			if _, again := w.Next(); !errors.Is(again, err) {
				t.Errorf("and then %v", again)
			}
		}
	}
}

// One document in place of events is named, and a Status counts as what it says.
func TestADocumentIsNoWatch(t *testing.T) {
	for name, c := range map[string]struct {
		body, kind string
		code       int32
	}{
		"a list":               {`{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[`, "PodList", 0},
		"a list, sorted":       {` {"apiVersion":"v1","items":[],"kind":"ThingList"}`, "ThingList", 0},
		"an object":            {`{"metadata":{"name":"x"},"kind":"Pod"}`, "Pod", 0},
		"an odd kind":          {`{"kind":"no kind at all"}`, "?", 0},
		"a Status":             {statusJSON, "Status", 410},
		"one without kind":     {`{"code":410,"message":"x"}`, "Status", 410},
		"a message":            {`{"message":"x"}`, "", 0},
		"a page in protobuf":   {string(enveloped(t, "PodList", podList(1))), "", 0},
		"a Status in protobuf": {string(enveloped(t, "Status", expired())), "Status", 410},
	} {
		w, err := NewWatchReader(typeJSON, strings.NewReader(c.body), ReaderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Next()
		document, ok := errors.AsType[*NotAWatchError](err)
		if !ok || document.Kind != c.kind || (document.Status != nil) != (c.code != 0) || document.Status != nil && document.Status.Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, body := range []string{`{"type":"ADDED"}`, `{"object":{},"type":"ADDED"}`, `{"other":1}`, `{}`, `{`, `{"`, ``} {
		w, err := NewWatchReader(typeJSON, strings.NewReader(body), ReaderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Next()
		if _, ok := errors.AsType[*NotAWatchError](err); ok {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// A reader that never gives anything does not hang.
func TestBeginWithoutProgress(t *testing.T) {
	w, err := NewWatchReader("", noProgress{}, ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = w.Next(); err == nil {
		t.Error("no error")
	}
}

type noProgress struct{}

func (noProgress) Read([]byte) (int, error) { return 0, nil }

// A Status without a kind is one; of an object of another kind nothing is repeated.
func TestDecodeLooseStatus(t *testing.T) {
	for body, want := range map[string]metav1.Status{
		`{"code":410}`:                            {Code: 410},
		`{"code":"410","message":"gone"}`:         {Code: 410, Message: "gone"},
		`{"code":410.0,"reason":7}`:               {Code: 410},
		`{"code":-1,"message":"m"}`:               {Message: "m"},
		`{"code":99999999999,"message":"m"}`:      {Message: "m"},
		`{"reason":"Expired"}`:                    {Reason: "Expired"},
		`{"kind":"Status","message":"m"}`:         {Message: "m"},
		`{"kind":"Status","code":"503"}`:          {Code: 503},
		`{"kind":"","metadata":{},"message":"m"}`: {},
	} {
		for name, got := range map[string]*metav1.Status{"JSON": DecodeStatus([]byte(body), typeJSON), "CBOR": DecodeStatus(cborOf(t, body), typeCBOR)} {
			if want.Message == "" && want.Code == 0 && want.Reason == "" {
				continue
			}
			if got.Code != want.Code || got.Reason != want.Reason || want.Message != "" && got.Message != want.Message {
				t.Errorf("%s %s: %+v", name, body, got)
			}
		}
	}
	for _, body := range []string{
		`{"kind":"Event","reason":"SECRET","message":"SECRET","code":410}`, `{"metadata":{"name":"x"},"message":"SECRET","code":410}`,
		`{"metadata":{"uid":"x"},"reason":"SECRET"}`, `{"kind":7,"message":"SECRET"}`, `["SECRET"]`, `"SECRET"`,
	} {
		for name, got := range map[string]*metav1.Status{"JSON": DecodeStatus([]byte(body), typeJSON), "CBOR": DecodeStatus(cborOf(t, body), typeCBOR)} {
			if got.Code != 0 || got.Reason != "" || strings.Contains(got.Message, "SECRET") || got.Message == "" {
				t.Errorf("%s %s: %+v", name, body, got)
			}
		}
	}
}

// Text of a server is bounded and escaped when it is read.
func TestDecodeStatusBounds(t *testing.T) {
	long := strings.Repeat("\u202e", 100_000)
	for _, body := range []string{`{"kind":"Status","message":"` + long + `","reason":"` + long + `"}`, `{"message":"` + long + `"}`, long} {
		got := DecodeStatus([]byte(body), typeJSON)
		if len(got.Message) > 4096 || len(got.Reason) > 4096 || strings.Contains(got.Message+string(got.Reason), "\u202e") {
			t.Errorf("%d and %d bytes", len(got.Message), len(got.Reason))
		}
	}
}
