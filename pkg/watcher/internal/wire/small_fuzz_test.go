package wire

import (
	"bytes"
	"encoding/json"
	"math/big"
	"mime"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
)

var allDigits = regexp.MustCompile(`\A[0-9]+\z`)

// FuzzCompareRV compares texts as the integers that they are, if they are.
func FuzzCompareRV(f *testing.F) {
	f.Add("1", "02")
	f.Add("00", "0")
	f.Add("18446744073709551616", "18446744073709551615")
	f.Add("", "1")
	f.Add("-1", "+1")
	f.Add("1_0", "0x10")
	f.Add("9", "10")
	f.Fuzz(func(t *testing.T, a, b string) {
		got, ok := CompareRV(a, b)
		if want := allDigits.MatchString(a) && allDigits.MatchString(b); ok != want {
			t.Fatalf("%q and %q can be compared: %t, want %t", a, b, ok, want)
		}
		if !ok {
			if got != 0 {
				t.Fatalf("%q and %q cannot be compared, and are %d", a, b, got)
			}
			return
		}
		x, _ := new(big.Int).SetString(a, 10)
		y, _ := new(big.Int).SetString(b, 10)
		if want := x.Cmp(y); got != want {
			t.Fatalf("%q and %q are %d, want %d", a, b, got, want)
		}
	})
}

// plainRetryAfter reads the header in the plainest way.
func plainRetryAfter(header string, now time.Time) (time.Duration, bool) {
	header = strings.TrimSpace(header)
	if allDigits.MatchString(header) {
		seconds, _ := new(big.Int).SetString(header, 10)
		if day := int64(maxRetryAfter / time.Second); seconds.Cmp(big.NewInt(day)) < 0 {
			return time.Duration(seconds.Int64()) * time.Second, true
		}
		return maxRetryAfter, true
	}
	at, err := http.ParseTime(header)
	switch {
	case err != nil:
		return 0, false
	case !at.After(now):
		return 0, true
	case at.After(now.Add(maxRetryAfter)):
		return maxRetryAfter, true
	}
	return at.Sub(now), true
}

func FuzzRetryAfter(f *testing.F) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, in := range []string{
		"", "0", "5", "007", "-1", "+1", "1.5", " 3\t", "86399", "86400", "86401", "999999", "1000000", "9223372036854775808",
		"Sun, 01 Mar 2026 12:00:05 GMT", "Sunday, 01-Mar-26 12:00:05 GMT", "Sun Mar  1 12:00:05 2026", // the three forms of RFC 9110
		"Sun, 01 Mar 2026 11:59:59 GMT", "Mon, 02 Mar 2026 12:00:01 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT",
		"Sun, 01 Mar 2026 12:00:05 CET", "\u0661", "soon",
	} {
		f.Add(in, now.Unix())
	}
	f.Fuzz(func(t *testing.T, header string, unix int64) {
		now := time.Unix(unix%(1<<36), 0).UTC()
		got, ok := RetryAfter(header, now)
		if want, wantOK := plainRetryAfter(header, now); got != want || ok != wantOK {
			t.Fatalf("%q at %s: %v, %t, want %v, %t", header, now, got, ok, want, wantOK)
		}
	})
}

// FuzzContentType asks which answers are read: those that are JSON, protobuf or CBOR, and no Table, and those whose
// Content-Type says nothing.
func FuzzContentType(f *testing.F) {
	for _, in := range []string{
		"application/json", "application/json;stream=watch", "Application/JSON; charset=utf-8", "application/json;as=Table;g=meta.k8s.io;v=v1",
		"application/vnd.kubernetes.protobuf", "application/vnd.kubernetes.protobuf;stream=watch", "application/cbor-seq", "application/cbor",
		"", "text/html", "application/json;as=tAbLe", "application/json;", "application/json;;", "a/b;c*0=d;c*1=e", `application/json;as="Table"`,
	} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		media, params, err := mime.ParseMediaType(in)
		if err != nil { // what is left of it does not matter here, as long as nothing fails
			_, _ = NewWatchReader(in, bytes.NewReader(nil), ReaderOptions{})
			_, _ = NewListReader(in, bytes.NewReader(nil), ReaderOptions{})
			return
		}
		table := strings.EqualFold(params["as"], "Table")
		always := !table && (media == typeJSON || media == typeProtobuf || media == "text/plain" || media == "application/octet-stream" || !strings.Contains(media, "/"))
		watch := always || !table && media == typeCBORSeq
		list := always || !table && media == typeCBOR
		r, err := NewWatchReader(in, bytes.NewReader(nil), ReaderOptions{})
		if (err == nil) != watch || (r != nil) != watch {
			t.Fatalf("a watch of %q: %v, want it read: %t", in, err, watch)
		}
		l, err := NewListReader(in, bytes.NewReader(nil), ReaderOptions{})
		if (err == nil) != list || (l != nil) != list {
			t.Fatalf("a list of %q: %v, want it read: %t", in, err, list)
		}
	})
}

// libraryStatus is what the API machinery makes of a body that is a Status; nil if it is none.
func libraryStatus(body []byte, contentType string) *metav1.Status {
	s := &metav1.Status{}
	switch media, _, _ := mime.ParseMediaType(contentType); {
	case bytes.HasPrefix(body, protobufPrefix):
		o, gvk, err := protobuf.NewSerializer(clientscheme.Scheme, clientscheme.Scheme).Decode(body, nil, nil)
		status, ok := o.(*metav1.Status)
		if err != nil || !ok || gvk.Kind != "Status" {
			return nil
		}
		s = status
	case media == typeCBOR:
		if decodeCBOR(body, s) != nil {
			return nil
		}
	case media == typeJSON:
		if json.Unmarshal(body, s) != nil {
			return nil
		}
	}
	if s.Kind != "" && s.Kind != "Status" {
		return nil
	}
	return s
}

// FuzzDecodeStatus reads error answers: a Status as the library does, and of all else no more than a line of text.
func FuzzDecodeStatus(f *testing.F) {
	f.Add([]byte(statusJSON), typeJSON)
	f.Add(enveloped(f, "Status", expired()), typeProtobuf)
	f.Add(enveloped(f, "Pod", pod("a")), typeProtobuf)
	f.Add(cborOf(f, statusJSON), typeCBOR)
	f.Add([]byte(`{"kind":"`+strings.Repeat("k", 2000)+`"}`), typeJSON)
	f.Add([]byte("404 page not found\n"), "text/plain; charset=utf-8")
	f.Add([]byte("<html>"+strings.Repeat("é ", 600)), "text/html")
	f.Add([]byte("\xff\xfe"), "")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		got := DecodeStatus(bytes.Clone(body), contentType)
		if got == nil {
			t.Fatal("no Status")
		}
		want := libraryStatus(body, contentType)
		if want != nil && want.Kind == "Status" && (got.Code != want.Code || got.Reason != want.Reason || got.Message != want.Message ||
			!reflect.DeepEqual(got.Details, want.Details)) {
			t.Fatalf("%+v, the library has %+v", got, want)
		}
		if want == nil && (got.Status != metav1.StatusFailure || got.Code != 0 || got.Reason != "") {
			t.Fatalf("what is no Status became %+v", got)
		}
		if want == nil && (len(got.Message) > 2*maxStatusText+len(contentType) || strings.ContainsAny(got.Message, "\n\x00") || !utf8.ValidString(got.Message)) {
			t.Fatalf("the message is %d bytes: %q", len(got.Message), got.Message)
		}
	})
}
