package wire

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/internal/marker"
	"github.com/ancho-dev/ancho/pkg/kind"
)

// password is a value of a Secret.
const password = "hunter2-Gx7Qm2Zp9LwT4vKb"

var ofPassword = marker.Pieces(password)

// marked is a Secret with the marker where values are: in its data, and in what kubectl apply leaves on it.
func marked() *corev1.Secret {
	now := metav1.Unix(1700000000, 0)
	s := &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{
			Name: "db", Namespace: "demo", UID: "7d3f-uid", ResourceVersion: "4711", CreationTimestamp: now,
			Labels: map[string]string{"app": "shop"}, Finalizers: []string{"a.example.com/x"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "cm", UID: "other"}},
			ManagedFields:   []metav1.ManagedFieldsEntry{{Manager: "m", FieldsV1: metav1.NewFieldsV1(`{"f:data":{"f:password":{}}}`)}},
		},
		Data: map[string][]byte{"password": []byte(password), "user": []byte("me")},
		Type: corev1.SecretTypeOpaque,
	}
	s.Annotations = map[string]string{
		"kubectl.kubernetes.io/last-applied-configuration": `{"data":{"password":"` + base64.StdEncoding.EncodeToString(s.Data["password"]) + `"}}`,
		"plain": password,
	}
	return s
}

// damages calls do with ways in which one byte of an answer is another, is missing, or comes twice, and with each beginning of it.
func damages(answer []byte, others func(byte) []byte, do func(what string, damaged []byte)) {
	for i, c := range answer {
		out := bytes.Clone(answer)
		for _, out[i] = range others(c) {
			do(fmt.Sprintf("byte %d is %#x", i, out[i]), out)
		}
		do(fmt.Sprintf("without byte %d", i), append(bytes.Clone(answer[:i]), answer[i+1:]...))
		do(fmt.Sprintf("byte %d twice", i), append(bytes.Clone(answer[:i+1]), answer[i:]...))
		do(fmt.Sprintf("%d bytes", i), answer[:i])
	}
}

// said is everything of an answer that may get into a log: the errors, and how objects are named.
func said(r WatchReader) string {
	var out strings.Builder
	for range 4 { // of an answer with one object, from which nobody finds back otherwise
		f, err := r.Next()
		switch _, bad := errors.AsType[*BadFrameError](err); {
		case bad:
			fmt.Fprintln(&out, err)
			continue
		case err != nil:
			fmt.Fprintln(&out, err)
			return out.String()
		}
		fmt.Fprintln(&out, f.Meta.Key(), f.Meta.UID, f.Meta.ResourceVersion)
		for _, o := range f.Meta.Owners {
			fmt.Fprintln(&out, o.Name, o.UID)
		}
		if f.Type == Error {
			fmt.Fprintln(&out, FrameStatus(f).Message)
		} else if _, err := kind.Secret.Decode(f.Raw, f.Encoding); err != nil {
			fmt.Fprintln(&out, err)
		}
	}
	return out.String()
}

// anyBit is with one bit the other way.
func anyBit(c byte) (out []byte) {
	for i := range 8 {
		out = append(out, c^1<<i)
	}
	return out
}

// anyTag is that, and what protobuf begins the first 15 fields with whose length follows.
func anyTag(c byte) []byte {
	out := anyBit(c)
	for tag := byte(1<<3 | 2); tag <= 15<<3|2; tag += 1 << 3 {
		out = append(out, tag)
	}
	return out
}

// anyHead is any bit, and what CBOR begins strings with whose length follows.
func anyHead(c byte) []byte { return append(anyBit(c), 0x58, 0x5f, 0x78, 0x79, 0x7f) }

// Whatever happens to an answer on its way, no value of a Secret gets into an error, or is taken for a name.
func TestDamagedAnswersKeepSecrets(t *testing.T) {
	secret := marked()
	list := &corev1.SecretList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "SecretList"}, ListMeta: metav1.ListMeta{ResourceVersion: "1"}, Items: []corev1.Secret{*secret}}
	watch := func(contentType string) func(io.Reader) WatchReader {
		return func(r io.Reader) WatchReader {
			return newWatch(t, contentType, r, ReaderOptions{CutManagedFields: true})
		}
	}
	items := func(contentType string) func(io.Reader) WatchReader {
		return func(r io.Reader) WatchReader {
			return newList(t, contentType, r, ReaderOptions{CutManagedFields: true})
		}
	}
	for name, k := range map[string]struct {
		answer []byte
		read   func(io.Reader) WatchReader
		others func(byte) []byte
	}{
		"event in JSON":     {eventJSON(t, "ADDED", toJSON(t, secret)), watch(typeJSON), anyBit},
		"event in protobuf": {eventPB(t, "ADDED", enveloped(t, "Secret", secret)), watch(watchPB), anyTag},
		"event in CBOR":     {eventCBOR(t, "ADDED", toCBOR(t, secret)), watch(typeCBORSeq), anyHead},
		"error in protobuf": {eventPB(t, "ERROR", enveloped(t, "Secret", secret)), watch(watchPB), anyTag},
		"list in JSON":      {toJSON(t, list), items(typeJSON), anyBit},
		"list in protobuf":  {enveloped(t, "SecretList", list), items(typeProtobuf), anyTag},
		"list in CBOR":      {toCBOR(t, list), items(typeCBOR), anyHead},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			damages(k.answer, k.others, func(what string, damaged []byte) {
				if found := marker.In(said(k.read(bytes.NewReader(damaged))), ofPassword); found != "" {
					t.Errorf("%s: %s", what, found)
				}
			})
		})
	}
}

// The same of an answer that should say what is wrong.
func TestDamagedRefusalsKeepSecrets(t *testing.T) {
	for contentType, answer := range map[string][]byte{
		typeJSON:     toJSON(t, marked()),
		typeProtobuf: enveloped(t, "Secret", marked()),
		typeCBOR:     toCBOR(t, marked()),
	} {
		damages(answer, anyBit, func(what string, damaged []byte) {
			if found := marker.In(DecodeStatus(damaged, contentType).Message, ofPassword); found != "" {
				t.Errorf("%s, %s: %s", contentType, what, found)
			}
		})
	}
}

// A kind is said if it can be one.
func TestKindsThatAreNoneAreNotSaid(t *testing.T) {
	for _, name := range []string{"it is " + password, password, strings.Repeat("a", 64)} {
		if err := checkStatusKind(name); strings.Contains(err.Error(), name) {
			t.Error(err)
		}
		if err := checkListKind(name); strings.Contains(err.Error(), name) {
			t.Error(err)
		}
	}
	if err := checkListKind("Secret"); !strings.Contains(err.Error(), `"Secret"`) {
		t.Error(err)
	}
}
