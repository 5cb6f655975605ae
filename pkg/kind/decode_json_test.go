package kind

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

var (
	gadget = Of[*Gadget](addGadgets)
	gizmo  = Unstructured(gadgets.WithKind("Gizmo"))
)

func TestJSONSetsWhatTheWireLeavesOut(t *testing.T) {
	for _, raw := range []string{
		`{"metadata":{"name":"a"}}`,
		`{"kind":"Pod","metadata":{"name":"a"}}`,
		`{"apiVersion":"v1","metadata":{"name":"a"}}`,
		"\r\n\t " + `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}` + " \n",
	} {
		pod, err := Pod.Decode([]byte(raw), JSON)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		if pod.APIVersion != "v1" || pod.Kind != "Pod" || pod.Name != "a" {
			t.Errorf("%s: decoded as %s %s %s", raw, pod.APIVersion, pod.Kind, pod.Name)
		}
	}
	got, err := gizmo.Decode([]byte(`{"metadata":{"name":"a"}}`), JSON)
	if err != nil || got.GetAPIVersion() != "test.example.com/v1" || got.GetKind() != "Gizmo" || got.GetName() != "a" {
		t.Errorf("an unstructured item of a list: %v, %v", got, err)
	}
}

func TestJSONIsCaseSensitiveAndIgnoresUnknownFields(t *testing.T) {
	got, err := gadget.Decode([]byte(`{"METADATA":{"name":"a"},"spec":{"Replicas":1,"owner":"o","Plain":3},"more":[1]}`), JSON)
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "" || got.Spec.Replicas != 0 {
		t.Errorf("a field was taken under another spelling: %+v", got)
	}
	if got.Spec.Owner != "o" || got.Spec.Plain != 3 {
		t.Errorf("a field was lost: %+v", got)
	}
}

func TestJSONKeepsWholeNumbersWhole(t *testing.T) {
	got, err := gizmo.Decode([]byte(`{"big":9007199254740993,"list":[1],"part":1.5}`), JSON)
	if err != nil {
		t.Fatal(err)
	}
	if v := got.Object["big"]; v != int64(9007199254740993) {
		t.Errorf("big is a %T, %v", v, v)
	}
	if v, ok, err := unstructured.NestedSlice(got.Object, "list"); err != nil || !ok || v[0] != int64(1) {
		t.Errorf("list is %v, %v", v, err)
	}
	if v := got.Object["part"]; v != 1.5 {
		t.Errorf("part is a %T, %v", v, v)
	}
}

func TestJSONOfAnotherKindIsRefused(t *testing.T) {
	for _, test := range []struct {
		kind typed
		raw  string
		want string
	}{
		{Pod, `{"apiVersion":"v1","kind":"Secret"}`, "says that it is v1 Secret"},
		{Pod, `{"apiVersion":"v1","kind":"PodList","items":[]}`, "says that it is v1 PodList"},
		{Pod, `{"kind":"Secret"}`, "says that it is a Secret"},
		{Pod, `{"apiVersion":"v2"}`, "says that it is of apiVersion v2"},
		{Deployment, `{"apiVersion":"extensions/v1beta1","kind":"Deployment"}`, "says that it is extensions/v1beta1 Deployment"},
		{Pod, `{"apiVersion":"v1","kind":"Status","status":"Failure","metadata":{}}`, "says that it is v1 Status"},
		{Pod, `{"apiVersion":"v1","kind":"PartialObjectMetadata"}`, "says that it is v1 PartialObjectMetadata"},
		{Pod, `{"apiVersion":"a/b/c","kind":"Pod"}`, "whose name is not valid"},
		{Pod, `{"apiVersion":"v1","kind":"no kind!"}`, "whose name is not valid"},
		{Pod, `{"apiVersion":"v1","kind":""}`, ""},
		{gizmo, `{"apiVersion":"test.example.com/v2","kind":"Gizmo"}`, "says that it is test.example.com/v2 Gizmo"},
		{gizmo, `{"apiVersion":"v1","kind":"List","items":[]}`, "says that it is v1 List"},
		{gizmo, `{"apiVersion":"a/b/c","kind":"Gizmo"}`, "whose name is not valid"},
		{Metadata(Pod), `{"apiVersion":"meta.k8s.io/v1","kind":"Table"}`, "says that it is meta.k8s.io/v1 Table"},
		{Metadata(Pod), `{"apiVersion":"v1","kind":"Secret"}`, "says that it is v1 Secret"},
		// The kind explains more than the field that does not fit.
		{gadget, `{"apiVersion":"v1","kind":"Status","spec":"x"}`, "says that it is v1 Status"},
	} {
		_, err := test.kind.decodeObject([]byte(test.raw), JSON)
		if test.want == "" {
			if err != nil {
				t.Errorf("%s: %v", test.raw, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", test.raw, err, test.want)
		}
	}
}

func TestMetadataDecodesWhatAServerMaySend(t *testing.T) {
	k := Metadata(Secret)
	for _, raw := range []string{
		`{"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata","metadata":{"name":"a","uid":"u"}}`,
		`{"apiVersion":"meta.k8s.io/v1beta1","kind":"PartialObjectMetadata","metadata":{"name":"a","uid":"u"}}`,
		`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a","uid":"u"},"data":{"k":"dg=="}}`, // a server that does not know the form
		`{"metadata":{"name":"a","uid":"u"}}`,
	} {
		got, err := k.Decode([]byte(raw), JSON)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		if got.APIVersion != "v1" || got.Kind != "Secret" || got.Name != "a" || got.UID != "u" {
			t.Errorf("%s: decoded as %+v", raw, got)
		}
	}
}

func TestDecodeErrorSaysWhere(t *testing.T) {
	for _, test := range []struct {
		kind         typed
		raw          string
		path, reason string
	}{
		{gadget, `{"spec":{"replicas":"x"}}`, "spec.replicas", "a string does not decode into int32"},
		{gadget, `{"spec":{"replicas":99999999999}}`, "spec.replicas", "a number does not decode into int32"},
		{gadget, `{"spec":{"when":"x"}}`, "spec.when", "a string does not decode into v1.Time"},
		{gadget, `{"spec":{"size":"x"}}`, "spec.size", "a string does not decode into resource.Quantity"},
		{gadget, `{"spec":{"size":true}}`, "spec.size", "a boolean does not decode into resource.Quantity"},
		{gadget, `{"spec":{"owner":[]}}`, "spec.owner", "a list does not decode into string"},
		{gadget, `{"spec":{"Plain":{}}}`, "spec.Plain", "an object does not decode into int"},
		{gadget, `{"spec":{"parts":[{},{"parts":[{"replicas":"x"}]}]}}`, "spec.parts[1].parts[0].replicas", "a string does not decode into int32"},
		{gadget, `{"spec":{"parts":{}}}`, "spec.parts", "an object does not decode into []kind.GadgetSpec"},
		{gadget, `{"spec":{"byName":{"a":1,"b":"x"}}}`, "spec.byName[*]", "a string does not decode into int"},
		{gadget, `{"spec":[]}`, "spec", "a list does not decode into kind.GadgetSpec"},
		{gadget, `{"metadata":{"creationTimestamp":"x"}}`, "metadata.creationTimestamp", "a string does not decode into v1.Time"},
		{gadget, `{"metadata":{"labels":{"a":null,"b":5}}}`, "metadata.labels[*]", "a number does not decode into string"},
		{gadget, `{"metadata":{"ownerReferences":[{"controller":"x"}]}}`, "metadata.ownerReferences[0].controller", "a string does not decode into bool"},
		{gadget, `{"spec":{"loud":"x"}}`, "spec.loud", "a string does not decode into kind.loud"},
		{gadget, `{"spec":{"loud":[]}}`, "", "the unmarshaler panicked with a string"},
		{gadget, `{"kind":{}}`, "kind", "an object does not decode into string"},
		{gadget, `{"spec":{"replicas":"x","replicas":1}}`, "spec", "an object does not decode into kind.GadgetSpec"},
		{gizmo, `{"kind":5}`, "kind", "is not a string"},
		{gizmo, `{"apiVersion":{}}`, "apiVersion", "is not a string"},
		{gizmo, `{"metadata":"x"}`, "metadata", "is not an object"},
		{gizmo, `{"a":1e999}`, "", "a number in it is out of range"},
		{gadget, `{"spec":`, "", "the bytes are not valid JSON at byte 8"},
		{gadget, `{}x`, "", "the bytes are not valid JSON at byte 3"},
		{gadget, `null`, "", "the bytes are not a JSON object"},
		{gadget, `[]`, "", "the bytes are not a JSON object"},
		{gadget, ` `, "", "the bytes are not a JSON object"},
		{gadget, ``, "", "the bytes are not a JSON object"},
	} {
		_, err := test.kind.decodeObject([]byte(test.raw), JSON)
		var de *DecodeError
		if !errors.As(err, &de) {
			t.Errorf("%s: error %v is no DecodeError", test.raw, err)
			continue
		}
		if de.Path != test.path || de.Reason != test.reason {
			t.Errorf("%s: at %q: %q; want at %q: %q", test.raw, de.Path, de.Reason, test.path, test.reason)
		}
		if de.Encoding != JSON || de.Kind != test.kind.Resource().GVK() {
			t.Errorf("%s: error %+v", test.raw, de)
		}
	}
}

func TestDecodeErrorText(t *testing.T) {
	_, err := Secret.Decode([]byte(`{"data":{"a":"*"}}`), JSON)
	want := "cannot decode v1 Secret from JSON into *v1.Secret: field data[*]: a string does not decode into []uint8"
	if err == nil || err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	_, err = Secret.Decode(nil, Encoding(9))
	want = "cannot decode v1 Secret from unknown encoding into *v1.Secret: the encoding of the bytes is not known"
	if err == nil || err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

// The bytes are a buffer that is used again.
func TestJSONOwnsItsMemory(t *testing.T) {
	raw := []byte(`{"metadata":{"name":"name","annotations":{"key":"value"}},"spec":{"any":{"a":1}}}`)
	one, err := gadget.Decode(raw, JSON)
	if err != nil {
		t.Fatal(err)
	}
	two, err := gizmo.Decode(raw, JSON)
	if err != nil {
		t.Fatal(err)
	}
	clear(raw)
	if one.Name != "name" || one.Annotations["key"] != "value" || string(one.Spec.Any) != `{"a":1}` {
		t.Errorf("the object changed with the bytes: %+v", one)
	}
	if two.GetName() != "name" || two.GetAnnotations()["key"] != "value" {
		t.Errorf("the object changed with the bytes: %v", two.Object)
	}
}
