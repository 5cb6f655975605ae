package kind

import (
	"bytes"
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// wrapped puts an object's message into the envelope, with what a test wants to say of it.
func wrapped(tb testing.TB, u runtime.Unknown) []byte {
	tb.Helper()
	body, err := u.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return append(bytes.Clone(envelope), body...)
}

// message is the protobuf of an object.
func message(tb testing.TB, obj interface{ Marshal() ([]byte, error) }) []byte {
	tb.Helper()
	raw, err := obj.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func TestProtobufEnvelope(t *testing.T) {
	pod := message(t, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "a"}})
	v1Pod := runtime.TypeMeta{APIVersion: "v1", Kind: "Pod"}
	for name, test := range map[string]struct {
		raw  []byte
		want string // the reason for refusing it, empty if it decodes
	}{
		"plain":        {wrapped(t, runtime.Unknown{TypeMeta: v1Pod, Raw: pod}), ""},
		"of no kind":   {wrapped(t, runtime.Unknown{Raw: pod}), ""},
		"content type": {wrapped(t, runtime.Unknown{TypeMeta: v1Pod, Raw: pod, ContentType: runtime.ContentTypeProtobuf}), ""},
		"JSON inside":  {wrapped(t, runtime.Unknown{TypeMeta: v1Pod, Raw: []byte(`{"metadata":{"name":"a"}}`), ContentType: runtime.ContentTypeJSON}), ""},
		"another kind": {
			wrapped(t, runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "v1", Kind: "Secret"}, Raw: pod}),
			"the object says that it is v1 Secret",
		},
		"another version": {
			wrapped(t, runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "v2", Kind: "Pod"}, Raw: pod}),
			"the object says that it is v2 Pod",
		},
		"compressed": {
			wrapped(t, runtime.Unknown{TypeMeta: v1Pod, Raw: pod, ContentEncoding: "gzip"}),
			"the object inside the envelope is compressed, which is not supported",
		},
		"another type": {
			wrapped(t, runtime.Unknown{TypeMeta: v1Pod, Raw: pod, ContentType: runtime.ContentTypeYAML}),
			"the object inside the envelope is neither protobuf nor JSON",
		},
		"bare":      {pod, "the bytes do not begin with the envelope of Kubernetes protobuf"},
		"JSON":      {[]byte(`{}`), "the bytes do not begin with the envelope of Kubernetes protobuf"},
		"empty":     {nil, "the bytes do not begin with the envelope of Kubernetes protobuf"},
		"cut off":   {wrapped(t, runtime.Unknown{TypeMeta: v1Pod, Raw: pod})[:9], "the envelope is not valid protobuf"},
		"not valid": {wrapped(t, runtime.Unknown{TypeMeta: v1Pod, Raw: []byte{0x0a, 0x7f}}), "the bytes are not valid protobuf for this type"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Pod.Decode(test.raw, Protobuf)
			if test.want == "" {
				if err != nil || got.Name != "a" || got.APIVersion != "v1" || got.Kind != "Pod" {
					t.Errorf("decoded %v, %v", got, err)
				}
				return
			}
			var de *DecodeError
			if !errors.As(err, &de) || de.Reason != test.want || de.Encoding != Protobuf || got != nil {
				t.Errorf("decoded %v, error %v, want one with %q", got, err, test.want)
			}
		})
	}
}

func TestProtobufNamesTheFieldOfAWrongWireType(t *testing.T) {
	_, err := Pod.Decode([]byte{0x08, 0x01}, ProtobufBare) // field 1, the metadata, as a varint
	var de *DecodeError
	if !errors.As(err, &de) || de.Reason != "the field ObjectMeta of one of its messages has the wrong wire type" {
		t.Errorf("error %v", err)
	}
}

func TestProtobufIsForKindsServedInIt(t *testing.T) {
	want := "objects of this kind do not decode from protobuf"
	for _, k := range []typed{gadget, gizmo, Unstructured(corev1.SchemeGroupVersion.WithKind("Pod"))} {
		_, err := k.decodeObject(nil, ProtobufBare)
		var de *DecodeError
		if !errors.As(err, &de) || de.Reason != want {
			t.Errorf("%s: error %v, want one with %q", k.Resource(), err, want)
		}
	}
}

func TestMetadataDecodesProtobuf(t *testing.T) {
	partial := message(t, &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: "a"}})
	whole := message(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "a"}, Data: map[string][]byte{"k": []byte("v")}})
	for _, of := range []Any{Secret, gadget, gizmo} {
		k := Metadata(of)
		r := k.Resource()
		for name, raw := range map[string]runtime.Unknown{
			"metadata": {TypeMeta: runtime.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadata"}, Raw: partial},
			"object":   {TypeMeta: runtime.TypeMeta{APIVersion: r.APIVersion(), Kind: r.Kind}, Raw: whole},
		} {
			got, err := k.Decode(wrapped(t, raw), Protobuf)
			if err != nil || got.Name != "a" || got.GroupVersionKind() != r.GVK() {
				t.Errorf("%s of %s: decoded %+v, %v", name, r, got, err)
			}
		}
		if got, err := k.Decode(partial, ProtobufBare); err != nil || got.Name != "a" || got.GroupVersionKind() != r.GVK() {
			t.Errorf("item of %s: decoded %+v, %v", r, got, err)
		}
	}
}

func TestProtobufOwnsItsMemory(t *testing.T) {
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "name", Annotations: map[string]string{"key": "value"}},
		Data:       map[string][]byte{"key": []byte("value")},
	}
	for enc, raw := range encodings(t, secret) {
		got, err := Secret.Decode(raw, enc)
		if err != nil {
			t.Fatal(err)
		}
		clear(raw)
		if got.Name != "name" || got.Annotations["key"] != "value" || string(got.Data["key"]) != "value" {
			t.Errorf("%s: the object changed with the bytes: %+v", enc, got)
		}
	}
}
