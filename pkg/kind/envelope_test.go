package kind

import (
	"bytes"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
)

// envelopes are some that the API server writes, and some that only a generous reader accepts.
func envelopes() [][]byte {
	usual := runtime.Unknown{
		TypeMeta: runtime.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"}, Raw: []byte("object"), ContentType: runtime.ContentTypeProtobuf,
	}
	empty := runtime.Unknown{}
	var out [][]byte
	for _, u := range []*runtime.Unknown{&usual, &empty} {
		b, err := u.Marshal()
		if err != nil {
			panic(err)
		}
		out = append(out, b, append(bytes.Clone(b), b...), append(bytes.Clone(b), 0x28, 1), b[:len(b)-1])
	}
	return append(out, nil, []byte{0x12, 0}, []byte{0x12, 0x80}, []byte{0x12, 9, 1}, []byte{0x0a, 2, 0x0a, 5}, []byte{0x0b, 0x0c})
}

// Whatever the envelope is, it is read as the generated code reads it.
func FuzzEnvelope(f *testing.F) {
	for _, b := range envelopes() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var want runtime.Unknown
		err := want.Unmarshal(body)
		got, ok := openEnvelope(body)
		if ok != (err == nil) {
			t.Fatalf("read: %v, by generated code: %v", ok, err)
		}
		if ok && (got.TypeMeta != want.TypeMeta || got.ContentType != want.ContentType ||
			got.ContentEncoding != want.ContentEncoding || !bytes.Equal(got.Raw, want.Raw)) {
			t.Fatalf("read %+v, by generated code %+v", got, want)
		}
	})
}

// The object in a usual envelope is not copied.
func TestEnvelopeIsNotCopied(t *testing.T) {
	body := envelopes()[0]
	if got := testing.AllocsPerRun(100, func() {
		if u, ok := openEnvelope(body); !ok || string(u.Raw) != "object" {
			t.Fatal("not read")
		}
	}); got > 3 { // its three texts
		t.Errorf("%v allocations", got)
	}
}
