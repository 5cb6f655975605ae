package wire

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/kind"
)

const statusJSON = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version","reason":"Expired","details":{"retryAfterSeconds":3},"code":410}`

func expired() *metav1.Status {
	return &metav1.Status{Status: "Failure", Message: "too old resource version", Reason: "Expired", Code: 410, Details: &metav1.StatusDetails{RetryAfterSeconds: 3}}
}

func TestDecodeStatus(t *testing.T) {
	for name, c := range map[string]struct {
		body        []byte
		contentType string
	}{
		"JSON":                   {[]byte(statusJSON), typeJSON},
		"JSON with a charset":    {[]byte(statusJSON), "application/json; charset=utf-8"},
		"protobuf":               {enveloped(t, "Status", expired()), typeProtobuf},
		"protobuf for a watch":   {enveloped(t, "Status", expired()), watchPB},
		"CBOR":                   {cborOf(t, statusJSON), typeCBOR},
		"CBOR without the tag":   {cborOf(t, statusJSON)[len(cborMagic):], typeCBOR},
		"CBOR of a watch":        {cborOf(t, statusJSON), typeCBORSeq},
		"protobuf, called other": {enveloped(t, "Status", expired()), "application/octet-stream"},
	} {
		got := DecodeStatus(c.body, c.contentType)
		if got.Code != 410 || got.Reason != metav1.StatusReasonExpired || got.Message != "too old resource version" || got.Kind != "Status" {
			t.Errorf("%s: %+v", name, got)
		}
		if d, ok := StatusRetryAfter(got); !ok || d.Seconds() != 3 {
			t.Errorf("%s: retry after %v, %v", name, d, ok)
		}
	}
}

func TestDecodeStatusOfSomethingElse(t *testing.T) {
	long := "404 page\tnot\n found " + strings.Repeat("é", maxStatusText)
	for name, c := range map[string]struct {
		body, contentType, want string
	}{
		"text":                     {"404 page not found\n", "text/plain; charset=utf-8", "404 page not found"},
		"long text":                {long, "text/plain", "404 page not found é"},
		"no type":                  {"upstream is down", "", "upstream is down"},
		"nothing":                  {"", "", ""},
		"a page":                   {"<html>\n<p>502</p>", "text/html", "<html> <p>502</p>"},
		"JSON of another kind":     {`{"kind":"Secret","data":{"k":"SECRET"}}`, typeJSON, `of kind "Secret"`},
		"broken JSON":              {`{"kind":"Status",SECRET`, typeJSON, "not the JSON of a Status"},
		"JSON of another shape":    {`{"kind":"Status","code":"SECRET"}`, typeJSON, "not a Status"},
		"JSON of no kind":          {`["SECRET"]`, typeJSON, "not the JSON of a Status"},
		"protobuf of another kind": {string(enveloped(t, "Pod", pod("SECRET"))), typeProtobuf, `of kind "Pod"`},
		"protobuf of rubbish":      {"k8s\x00SECRET", typeProtobuf, "malformed"},
		"CBOR of another kind":     {string(toCBOR(t, pod("SECRET"))), typeCBOR, `of kind "Pod"`},
		"CBOR of another shape":    {string(cborOf(t, `{"kind":"Status","code":"SECRET"}`)), typeCBOR, "not a Status"},
		"CBOR of no kind":          {string(cborOf(t, `["SECRET"]`)), typeCBOR, "want an object"},
		"CBOR of an odd kind":      {string(cborOf(t, `{"kind":7}`)), typeCBOR, "kind is a number"},
		"broken CBOR":              {string(cborOf(t, statusJSON)[:40]), typeCBOR, "malformed"},
		"rubbish called CBOR":      {"SECRET", typeCBOR, "malformed"},
		"rubbish called protobuf":  {"SECRET", typeProtobuf, "does not begin"},
	} {
		got := DecodeStatus([]byte(c.body), c.contentType)
		if got == nil || got.Status != metav1.StatusFailure || got.Code != 0 {
			t.Fatalf("%s: %+v", name, got)
		}
		if !strings.Contains(got.Message, c.want) || strings.Contains(got.Message, "SECRET") || len(got.Message) > maxStatusText+8 {
			t.Errorf("%s: message %q", name, got.Message)
		}
	}
}

func TestFrameStatusOfSomethingElse(t *testing.T) {
	for _, f := range []*Frame{
		{Type: Error, Encoding: kind.JSON, Raw: []byte(`{"metadata":{}}`)},
		{Type: Error, Encoding: kind.CBOR, Raw: cborOf(t, `{"metadata":{}}`)},
		{Type: Error, Encoding: kind.Protobuf, Raw: []byte("rubbish")},
		{},
	} {
		if got := FrameStatus(f); got == nil || got.Message == "" || got.Code != 0 {
			t.Errorf("%+v", got)
		}
	}
}
