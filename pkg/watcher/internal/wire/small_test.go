package wire

import (
	"errors"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"
)

func TestCompareRV(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
		ok   bool
	}{
		{"1", "2", -1, true}, {"10", "9", 1, true}, {"7", "7", 0, true}, {"007", "7", 0, true}, {"0", "000", 0, true},
		{"18446744073709551616", "18446744073709551615", 1, true},
		{"99999999999999999999999998", "99999999999999999999999999", -1, true},
		{"", "1", 0, false}, {"1", "", 0, false}, {"", "", 0, false}, {"a", "a", 0, false}, {"-1", "1", 0, false},
		{"1.5", "1", 0, false}, {"+1", "1", 0, false}, {" 1", "1", 0, false}, {"0x1", "1", 0, false}, {"١", "1", 0, false},
	} {
		if got, ok := CompareRV(c.a, c.b); got != c.want || ok != c.ok {
			t.Errorf("CompareRV(%q, %q) = %d, %v; want %d, %v", c.a, c.b, got, ok, c.want, c.ok)
		}
	}
}

func TestCompareRVAsIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[0-9]{1,40}`)
		a, b := digits.Draw(t, "a"), digits.Draw(t, "b")
		x, _ := new(big.Int).SetString(a, 10)
		y, _ := new(big.Int).SetString(b, 10)
		if got, ok := CompareRV(a, b); !ok || got != x.Cmp(y) {
			t.Fatalf("CompareRV(%q, %q) = %d, %v; want %d", a, b, got, ok, x.Cmp(y))
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		in   string
		want time.Duration
		ok   bool
	}{
		{"5", 5 * time.Second, true}, {" 5 ", 5 * time.Second, true}, {"0", 0, true}, {"007", 7 * time.Second, true},
		{"99999", maxRetryAfter, true}, {"99999999999999999999999", maxRetryAfter, true}, {"0000000000000000003", 3 * time.Second, true},
		{now.Add(90 * time.Second).Format(http.TimeFormat), 90 * time.Second, true},
		{now.Add(-time.Hour).Format(http.TimeFormat), 0, true},
		{now.Add(1000 * time.Hour).Format(http.TimeFormat), maxRetryAfter, true},
		{"", 0, false}, {"-1", 0, false}, {"1.5", 0, false}, {"soon", 0, false}, {"5s", 0, false},
	} {
		if got, ok := RetryAfter(c.in, now); got != c.want || ok != c.ok {
			t.Errorf("RetryAfter(%q) = %v, %v; want %v, %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestStatusRetryAfter(t *testing.T) {
	for _, s := range []*metav1.Status{nil, {}, {Details: &metav1.StatusDetails{}}, {Details: &metav1.StatusDetails{RetryAfterSeconds: -1}}} {
		if d, ok := StatusRetryAfter(s); ok {
			t.Errorf("%+v: %v", s, d)
		}
	}
	if d, ok := StatusRetryAfter(&metav1.Status{Details: &metav1.StatusDetails{RetryAfterSeconds: 1 << 30}}); !ok || d != maxRetryAfter {
		t.Errorf("%v, %v", d, ok)
	}
}

func TestMediaTypes(t *testing.T) {
	for _, c := range []struct {
		in          string
		watch, list bool
	}{
		{"application/json", true, true},
		{"application/json;stream=watch", true, true},
		{"Application/JSON; charset=utf-8", true, true},
		{"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", true, true},
		{"application/vnd.kubernetes.protobuf;stream=watch", true, true},
		{"application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1;stream=watch", true, true},
		{"application/vnd.kubernetes.protobuf", true, true},
		{"application/json;as=Table;g=meta.k8s.io;v=v1", false, false},
		{"application/vnd.kubernetes.protobuf;as=table;stream=watch", false, false},
		{"application/yaml", false, false}, {"application/cbor", false, true}, {"application/cbor-seq", true, false},
		{"application/cbor;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", false, true}, {"application/cbor;as=Table", false, false},
		{"text/html", false, false}, {"text/html;;", false, false}, {"application/json;as=Table;;", false, false},
		{"text/plain; charset=utf-8", true, true}, {"application/octet-stream", true, true}, {"", true, true}, {";;", true, true}, // the first bytes decide
		{"application/json;;", true, true}, {"application/json; charset=", true, true},
	} {
		_, watchErr := NewWatchReader(c.in, strings.NewReader(""), ReaderOptions{})
		_, listErr := NewListReader(c.in, strings.NewReader(""), ReaderOptions{})
		for name, got := range map[string]struct {
			err  error
			want bool
		}{"watch": {watchErr, c.watch}, "list": {listErr, c.list}} {
			var media *UnsupportedMediaError
			if (got.err == nil) != got.want || got.err != nil && (!errors.As(got.err, &media) || media.ContentType != c.in) {
				t.Errorf("%s of %q: %v", name, c.in, got.err)
			}
		}
	}
}

func TestNamesOfEventTypes(t *testing.T) {
	for e := Added; e <= Error; e++ {
		if eventType(e.String()) != e {
			t.Errorf("%d is written %q, and read as %d", e, e, eventType(e.String()))
		}
	}
	if Listed.String() != "LISTED" || eventType("LISTED") != Unknown || Unknown.String() != "UNKNOWN" || eventType("") != Unknown {
		t.Error("the types that are not sent")
	}
}

func TestKey(t *testing.T) {
	if got := (&Meta{Namespace: "a", Name: "b"}).Key() + " " + (&Meta{Name: "c"}).Key(); got != "a/b c" {
		t.Error(got)
	}
}
