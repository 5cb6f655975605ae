package kind

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
	kjson "sigs.k8s.io/json"
)

// cborOf is the CBOR of a JSON document, behind the tag that marks CBOR.
func cborOf(tb testing.TB, text string) []byte {
	tb.Helper()
	var v any
	if err := kjson.UnmarshalCaseSensitivePreserveInts([]byte(text), &v); err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	raw, err := direct.Marshal(v)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return append([]byte("\xd9\xd9\xf7"), raw...)
}

// What an object is does not depend on how it came.
func TestCBORDecodesAsJSON(t *testing.T) {
	for _, k := range builtins(t) {
		t.Run(k.Resource().String(), func(t *testing.T) {
			all := encodings(t, filled(k))
			want, err := k.decodeObject(all[JSON], JSON)
			if err != nil {
				t.Fatal(err)
			}
			got, err := k.decodeObject(all[CBOR], CBOR)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("from CBOR %+v\nfrom JSON %+v", got, want)
			}
			// The map of an object holds the same numbers and strings too.
			u := Unstructured(k.Resource().GVK())
			wantMap, err := u.Decode(all[JSON], JSON)
			if err != nil {
				t.Fatal(err)
			}
			gotMap, err := u.Decode(all[CBOR], CBOR)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(gotMap, wantMap) {
				t.Errorf("from CBOR %+v\nfrom JSON %+v", gotMap, wantMap)
			}
		})
	}
}

// Unstructured objects hold what the API machinery's own decoder puts into them.
func TestCBORUnstructured(t *testing.T) {
	raw := cborOf(t, `{"apiVersion":"test.example.com/v1","kind":"Gizmo","metadata":{"name":"a","labels":{}},
		"big":9007199254740993,"small":-1,"part":1.5,"whole":1.0,"list":[1,"x",null,true,{}],"none":null}`)
	want := &unstructured.Unstructured{}
	if _, _, err := cbor.NewSerializer(nil, nil).Decode(raw, nil, want); err != nil {
		t.Fatal(err)
	}
	got, err := gizmo.Decode(raw, CBOR)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%#v, %v\nwant %#v", got, err, want)
	}
	if got.Object["big"] != int64(9007199254740993) || got.Object["part"] != 1.5 || got.Object["whole"] != 1.0 {
		t.Errorf("numbers: %#v", got.Object)
	}
	// Bytes that are to be written as base64 are so where there is no type that says that they are bytes.
	got, err = gizmo.Decode([]byte("\xa1\x44data\xd6\x42ab"), CBOR)
	if err != nil || got.Object["data"] != "YWI=" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestCBORSetsWhatTheWireLeavesOut(t *testing.T) {
	for _, text := range []string{
		`{"metadata":{"name":"a"}}`,
		`{"kind":"Pod","metadata":{"name":"a"}}`,
		`{"apiVersion":"v1","metadata":{"name":"a"}}`,
	} {
		for _, raw := range [][]byte{cborOf(t, text), cborOf(t, text)[3:], append([]byte("\xd9\xd9\xf7"), cborOf(t, text)...)} {
			pod, err := Pod.Decode(raw, CBOR)
			if err != nil || pod.APIVersion != "v1" || pod.Kind != "Pod" || pod.Name != "a" {
				t.Errorf("%s: %+v, %v", text, pod, err)
			}
		}
	}
	got, err := gizmo.Decode(cborOf(t, `{"metadata":{"name":"a"}}`), CBOR)
	if err != nil || got.GetAPIVersion() != "test.example.com/v1" || got.GetKind() != "Gizmo" || got.GetName() != "a" {
		t.Errorf("an unstructured item of a list: %v, %v", got, err)
	}
	for _, text := range []string{
		`{"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata","metadata":{"name":"a"}}`,
		`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"},"data":{"x":"eQ=="}}`,
	} {
		meta, err := Metadata(Secret).Decode(cborOf(t, text), CBOR)
		if err != nil || meta.Name != "a" || meta.Kind != "Secret" || meta.APIVersion != "v1" {
			t.Errorf("%s: %+v, %v", text, meta, err)
		}
	}
}

func TestCBORIsCaseSensitiveAndIgnoresUnknownFields(t *testing.T) {
	got, err := gadget.Decode(cborOf(t, `{"METADATA":{"name":"a"},"spec":{"Replicas":1,"owner":"o","Plain":3},"more":[1]}`), CBOR)
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "" || got.Spec.Replicas != 0 || got.Spec.Owner != "o" || got.Spec.Plain != 3 {
		t.Errorf("%+v", got)
	}
}

// Raw parts and managed fields are JSON, whatever they came as.
func TestCBORRawPartsBecomeJSON(t *testing.T) {
	rev, err := ControllerRevision.Decode(cborOf(t, `{"metadata":{"name":"a","managedFields":[{"manager":"m","fieldsV1":{"f:a":{}}}]},"data":{"b":[1]}}`), CBOR)
	if err != nil || string(rev.Data.Raw) != `{"b":[1]}` || string(rev.ManagedFields[0].FieldsV1.GetRawBytes()) != `{"f:a":{}}` {
		t.Errorf("%+v, %v", rev, err)
	}
}

func TestCBOROfAnotherKindIsRefused(t *testing.T) {
	for _, test := range []struct {
		kind typed
		text string
		want string
	}{
		{Pod, `{"apiVersion":"v1","kind":"Secret"}`, "says that it is v1 Secret"},
		{Pod, `{"apiVersion":"v1","kind":"PodList","items":[]}`, "says that it is v1 PodList"},
		{Pod, `{"kind":"Secret"}`, "says that it is a Secret"},
		{Pod, `{"apiVersion":"v2"}`, "says that it is of apiVersion v2"},
		{Pod, `{"apiVersion":"v1","kind":"Status","spec":7}`, "says that it is v1 Status"},
		{Pod, `{"apiVersion":"v1","kind":"PartialObjectMetadata"}`, "says that it is v1 PartialObjectMetadata"},
		{Pod, `{"apiVersion":"","kind":"Secret"}`, "says that it is a Secret"},
		{gizmo, `{"kind":"Gadget"}`, "says that it is a Gadget"},
		{Metadata(Pod), `{"apiVersion":"v1","kind":"Secret"}`, "says that it is v1 Secret"},
	} {
		_, err := test.kind.decodeObject(cborOf(t, test.text), CBOR)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "from CBOR") {
			t.Errorf("%s: %v, want %q", test.text, err, test.want)
		}
	}
}

func TestCBORErrorsSayWhere(t *testing.T) {
	const twice = "\xa2\x48metadata\xa0\x48metadata\xa0"
	for name, test := range map[string]struct {
		kind typed
		raw  []byte
		path string
		want string
	}{
		"a string for a number":   {Pod, cborOf(t, `{"spec":{"containers":[{"ports":[{"containerPort":"x"}]}]}}`), "spec.containers[0].ports[0].containerPort", "a string does not decode into int32"},
		"a time":                  {Pod, cborOf(t, `{"metadata":{"creationTimestamp":"yesterday"}}`), "metadata.creationTimestamp", "does not decode into v1.Time"},
		"a map's value":           {Pod, cborOf(t, `{"metadata":{"labels":{"secret":7}}}`), "metadata.labels[*]", "a number does not decode into string"},
		"apiVersion of an object": {gizmo, cborOf(t, `{"apiVersion":7}`), "apiVersion", "is not a string"},
		"metadata of an object":   {gizmo, cborOf(t, `{"metadata":7}`), "metadata", "is not an object"},
		"apiVersion":              {Pod, cborOf(t, `{"apiVersion":7}`), "apiVersion", "a number does not decode into string"},
		"a number too large":      {Pod, []byte("\xa1\x48metadata\xa1\x4ageneration\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), "", "out of range"},
		"a float for an integer":  {Pod, []byte("\xa1\x48metadata\xa1\x4ageneration\xf9\x3c\x00"), "", "within v1.Pod.metadata, a CBOR primitives does not decode into int64"},
		"not a number":            {Pod, []byte("\xa1\x48metadata\xa1\x4ageneration\xf9\x7e\x00"), "", "JSON does not have"},
		"undefined":               {Pod, []byte("\xa1\x48metadata\xf7"), "", "JSON does not have"},
		"a key twice":             {Pod, []byte(twice), "", "a key comes twice"},
		"a key twice, a map":      {gizmo, []byte(twice), "", "a key comes twice"},
		"a key that is a number":  {gizmo, []byte("\xa1\x01\x02"), "", "a key of a map is not a string"},
		"text that is not UTF-8":  {gizmo, []byte("\xa1\x41a\x61\xff"), "", "not UTF-8"},
		"cut off":                 {Pod, []byte("\xa1\x48metadata"), "", "not valid CBOR"},
		"something behind":        {Pod, []byte("\xa0\xa0"), "", "not valid CBOR"},
		"a list":                  {Pod, []byte("\x80"), "", "not a CBOR map"},
		"null":                    {Pod, []byte("\xd9\xd9\xf7\xf6"), "", "not a CBOR map"},
		"null, a map":             {gizmo, []byte("\xf6"), "", "not a CBOR map"},
		"nothing":                 {Pod, nil, "", "not a CBOR map"},
		"half a tag":              {Pod, []byte("\xd9\xd9"), "", "not a CBOR map"},
	} {
		_, err := test.kind.decodeObject(test.raw, CBOR)
		var de *DecodeError
		if !errors.As(err, &de) || de.Encoding != CBOR || de.Path != test.path || !strings.Contains(de.Reason, test.want) {
			t.Errorf("%s: %v, want %q at %q", name, err, test.want, test.path)
		}
	}
}

// No error says a value of the object.
func TestCBORErrorsNeverSayValues(t *testing.T) {
	for _, test := range []struct {
		kind typed
		text string
	}{
		{Secret, `{"data":{"password":{"MARKER":"MARKER"}}}`},
		{Secret, `{"data":{"password":"MARKER!"}}`},
		{Secret, `{"data":NUMBER}`},
		{Secret, `{"data":{"MARKER":NUMBER}}`},
		{Secret, `{"stringData":["MARKER"]}`},
		{Secret, `{"metadata":{"creationTimestamp":"MARKER"}}`},
		{Lease, `{"spec":{"renewTime":"MARKER"}}`},
		{ResourceQuota, `{"spec":{"hard":{"cpu":"MARKER"}}}`},
		{Deployment, `{"spec":{"replicas":NUMBER}}`},
		{gadget, `{"spec":{"quoted":"MARKER"}}`},
		{gadget, `{"spec":{"loud":"MARKER"}}`},
		{gadget, `{"spec":{"loud":["MARKER"]}}`},
		{Service, `{"spec":{"ports":[{"targetPort":["MARKER"]}]}}`},
		{CustomResourceDefinition, `{"spec":{"versions":[{"schema":{"openAPIV3Schema":{"additionalProperties":"MARKER"}}}]}}`},
		{Secret, `{"kind":"it's MARKER"}`},
		{gizmo, `{"kind":["MARKER"]}`},
		{Metadata(Secret), `{"metadata":{"creationTimestamp":"MARKER"}}`},
	} {
		text := strings.NewReplacer("MARKER", marker, "NUMBER", number).Replace(test.text)
		_, err := test.kind.decodeObject(cborOf(t, text), CBOR)
		if err == nil {
			t.Errorf("%s: no error", test.text)
			continue
		}
		keepsSecret(t, err)
	}
	whole := cborOf(t, `{"data":{"`+marker+`":"`+marker+`"},"metadata":{"name":"`+marker+`"}}`)
	for i := range whole { // every byte of it, in another form
		for _, bits := range []byte{0x01, 0x07, 0x20, 0xe0, 0xff} {
			raw := append([]byte(nil), whole...)
			raw[i] ^= bits
			if _, err := Secret.Decode(raw, CBOR); err != nil {
				keepsSecret(t, err)
			}
		}
	}
}

// Null is as good as nothing.
func TestCBORNulls(t *testing.T) {
	pod, err := Pod.Decode(cborOf(t, `{"metadata":{"creationTimestamp":null,"deletionTimestamp":null,"labels":null},"spec":null}`), CBOR)
	if err != nil || !pod.CreationTimestamp.IsZero() || pod.DeletionTimestamp != nil || pod.Labels != nil {
		t.Errorf("%+v, %v", pod, err)
	}
}
