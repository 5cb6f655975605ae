package kind

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// marker stands for a secret, and number for one that is a number.
const (
	marker = "hunter2-s3cr3t"
	number = "4815162342108"
)

// No error says a value of the object, whatever is wrong with it and wherever the value is.
func TestErrorsNeverSayValues(t *testing.T) {
	lease, quota := Lease, ResourceQuota
	for name, test := range map[string]struct {
		kind typed
		raw  string
	}{
		"data that is no base64":      {Secret, `{"data":{"password":"MARKER"}}`},
		"data of a wrong type":        {Secret, `{"data":{"password":{"MARKER":"MARKER"}}}`},
		"data that is a number":       {Secret, `{"data":NUMBER}`},
		"key of data":                 {Secret, `{"data":{"MARKER":NUMBER}}`},
		"string data of a wrong type": {Secret, `{"stringData":["MARKER"]}`},
		"time":                        {Secret, `{"metadata":{"creationTimestamp":"MARKER"}}`},
		"deletion time":               {Secret, `{"metadata":{"deletionTimestamp":"MARKER"}}`},
		"time in a list":              {Secret, `{"metadata":{"managedFields":[{"time":"MARKER"}]}}`},
		"time with microseconds":      {lease, `{"spec":{"renewTime":"MARKER"}}`},
		"quantity":                    {quota, `{"spec":{"hard":{"cpu":"MARKER"}}}`},
		"key of a quantity":           {quota, `{"spec":{"hard":{"MARKER":"x y"}}}`},
		"number too large":            {Deployment, `{"spec":{"replicas":NUMBER}}`},
		"number in quotes":            {gadget, `{"spec":{"quoted":"MARKER"}}`},
		"number not in quotes":        {gadget, `{"spec":{"quoted":NUMBER.5}}`},
		"string for a number":         {Deployment, `{"spec":{"replicas":"MARKER"}}`},
		"number for a string":         {Pod, `{"metadata":{"name":NUMBER}}`},
		"key of a label":              {Pod, `{"metadata":{"labels":{"MARKER":NUMBER}}}`},
		"port":                        {Service, `{"spec":{"ports":[{"targetPort":["MARKER"]}]}}`},
		"schema":                      {CustomResourceDefinition, `{"spec":{"versions":[{"schema":{"openAPIV3Schema":{"additionalProperties":"MARKER"}}}]}}`},
		"unmarshaler that quotes":     {gadget, `{"spec":{"loud":"MARKER"}}`},
		"unmarshaler that panics":     {gadget, `{"spec":{"loud":["MARKER"]}}`},
		"syntax":                      {Secret, `{"data":{"password":MARKER}}`},
		"cut off":                     {Secret, `{"data":{"password":"MARKER`},
		"no object":                   {Secret, `"MARKER"`},
		"kind":                        {Secret, `{"kind":"it's MARKER"}`},
		"apiVersion":                  {Secret, `{"apiVersion":"it's MARKER","kind":"Secret"}`},
		"apiVersion of an object":     {gizmo, `{"apiVersion":"it's MARKER"}`},
		"kind of a wrong type":        {gizmo, `{"kind":["MARKER"]}`},
		"metadata of a wrong type":    {gizmo, `{"metadata":"MARKER"}`},
		"number out of range":         {gizmo, `{"data":NUMBERe999}`},
		"unstructured syntax":         {gizmo, `{"data":MARKER}`},
		"metadata alone":              {Metadata(Secret), `{"metadata":{"creationTimestamp":"MARKER"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			raw := strings.NewReplacer("MARKER", marker, "NUMBER", number).Replace(test.raw)
			_, err := test.kind.decodeObject([]byte(raw), JSON)
			keepsSecret(t, err)
		})
	}
}

func TestProtobufErrorsNeverSayValues(t *testing.T) {
	whole := message(t, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: marker},
		Data:       map[string][]byte{marker: []byte(marker)},
	})
	label := runtime.TypeMeta{APIVersion: "v1", Kind: "Secret"}
	for name, raw := range map[string][]byte{
		"of another type":   wrapped(t, runtime.Unknown{TypeMeta: label, Raw: []byte("\x12" + marker)}),
		"text":              wrapped(t, runtime.Unknown{TypeMeta: label, Raw: []byte(marker)}),
		"cut off":           wrapped(t, runtime.Unknown{TypeMeta: label, Raw: whole[:len(whole)-3]}),
		"envelope cut off":  wrapped(t, runtime.Unknown{TypeMeta: label, Raw: whole})[:30],
		"kind":              wrapped(t, runtime.Unknown{TypeMeta: runtime.TypeMeta{Kind: "it's " + marker}, Raw: whole}),
		"type of contents":  wrapped(t, runtime.Unknown{TypeMeta: label, Raw: whole, ContentType: marker}),
		"form of contents":  wrapped(t, runtime.Unknown{TypeMeta: label, Raw: whole, ContentEncoding: marker}),
		"no envelope":       whole,
		"JSON inside":       wrapped(t, runtime.Unknown{TypeMeta: label, Raw: []byte(`{"data":{"a":"` + marker + `"}}`), ContentType: runtime.ContentTypeJSON}),
		"JSON, not the tag": []byte(`{"data":{"a":"` + marker + `"}}`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Secret.Decode(raw, Protobuf)
			keepsSecret(t, err)
		})
	}
	for i := range whole { // every byte of it, in another form
		raw := bytes.Clone(whole)
		raw[i] ^= 0x07
		if _, err := Secret.Decode(raw, ProtobufBare); err != nil {
			keepsSecret(t, err)
		}
	}
}

// keepsSecret fails if an error, or what it wraps, or any of its fields, says a marker.
func keepsSecret(t *testing.T, err error) {
	t.Helper()
	var de *DecodeError
	if !errors.As(err, &de) {
		t.Fatalf("error %v is no DecodeError", err)
	}
	if errors.Unwrap(err) != nil {
		t.Errorf("the error wraps another one, which may say anything: %v", errors.Unwrap(err))
	}
	text := fmt.Sprintf("%v %+v %#v %#v", err, err, err, *de)
	for _, secret := range []string{marker, number, marker[:7], number[:7]} {
		if strings.Contains(text, secret) {
			t.Errorf("the error says a value: %s", text)
		}
	}
}
