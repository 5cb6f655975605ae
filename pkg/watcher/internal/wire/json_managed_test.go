package wire

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/ancho-dev/ancho/pkg/kind"
)

func TestCutManagedFieldsJSON(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"last", `{"metadata":{"name":"a","managedFields":[{"x":["]"]}]},"spec":{}}`, `{"metadata":{"name":"a"},"spec":{}}`},
		{"first", `{"metadata":{"managedFields":[{}],"name":"a"}}`, `{"metadata":{"name":"a"}}`},
		{"between", `{"a":1,"metadata":{"name":"a","managedFields":[1,2],"uid":"u"}}`, `{"a":1,"metadata":{"name":"a","uid":"u"}}`},
		{"alone", `{"metadata":{"managedFields":[]}}`, `{"metadata":{}}`},
		{"white space", " {\"metadata\": {\"name\": \"a\" , \"managedFields\" : [ ] , \"uid\": \"u\" } }\n", " {\"metadata\": {\"name\": \"a\" , \"uid\": \"u\" } }\n"},
		{"white space, first", `{"metadata":{ "managedFields" : [ ] , "uid":"u"}}`, `{"metadata":{ "uid":"u"}}`},
		{"short side in front", `{"metadata":{"name":"a","managedFields":[1]},"spec":{"much":"more than in front of it, and so not moved"}}`, `{"metadata":{"name":"a"},"spec":{"much":"more than in front of it, and so not moved"}}`},
		{"short side behind", `{"spec":{"much":"more than behind it, and so not moved"},"metadata":{"managedFields":[1],"name":"a"}}`, `{"spec":{"much":"more than behind it, and so not moved"},"metadata":{"name":"a"}}`},

		{"none", `{"metadata":{"name":"a"},"managedFields":[1],"spec":{"metadata":{"managedFields":[1]}}}`, ""},
		{"null", `{"metadata":{"name":"a","managedFields":null}}`, ""},
		{"an object", `{"metadata":{"name":"a","managedFields":{}}}`, ""},
		{"twice", `{"metadata":{"managedFields":[1],"managedFields":[2]}}`, ""},
		{"metadata twice", `{"metadata":{"managedFields":[1]},"metadata":{"name":"a"}}`, ""},
		{"escaped", `{"metadata":{"managed\u0046ields":[1]}}`, ""},
		{"case counts", `{"metadata":{"managedfields":[1]}}`, ""},
		{"cut off", `{"metadata":{"name":"a","managedFields":[1]}`, ""},
		{"comma at the end", `{"metadata":{"managedFields":[1],}}`, ""},
		{"mismatched", `{"metadata":{"managedFields":[1]},"spec":[}`, ""},
		{"followed by something", `{"metadata":{"managedFields":[1]}}{}`, ""},
		{"a list", `[{"metadata":{"managedFields":[1]}}]`, ""},
		{"nothing", ``, ""},
	} {
		in := []byte(c.in)
		got := CutManagedFields(in, kind.JSON)
		if c.want == "" {
			c.want = c.in
		}
		if string(got) != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
		// In place: what was not moved is where it was.
		if len(got) > 0 && &got[0] != &in[0] && &got[len(got)-1] != &in[len(in)-1] {
			t.Errorf("%s: not in place", c.name)
		}
	}
}

// What the readers hand out without managedFields is what CutManagedFields leaves, and its metadata is not affected.
func TestReadersCutManagedFieldsJSON(t *testing.T) {
	object := toJSON(t, pod("web"))
	want := CutManagedFields(bytes.Clone(object), kind.JSON)
	if len(want) >= len(object) {
		t.Fatal("nothing was cut")
	}
	o := ReaderOptions{CutManagedFields: true}
	list := slices.Concat([]byte(`{"kind":"XList","items":[`), object, []byte(`,`), object, []byte(`]}`))
	for name, r := range map[string]WatchReader{
		"watch": newWatch(t, typeJSON, bytes.NewReader(bytes.Repeat(eventJSON(t, "ADDED", object), 2)), o),
		"list":  newList(t, typeJSON, bytes.NewReader(list), o),
	} {
		good, bad, end := drain(t, r)
		if len(good) != 2 || len(bad) > 0 {
			t.Fatalf("%s: %v, %v, %v", name, names(good), bad, end)
		}
		for _, f := range good {
			if !bytes.Equal(f.Raw, want) || !reflect.DeepEqual(f.Meta, podMeta("web")) {
				t.Errorf("%s: %s\n%+v", name, f.Raw, f.Meta)
			}
		}
	}
}

func FuzzCutManagedFieldsJSON(f *testing.F) {
	for _, s := range objectSeeds(f) {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var want, got any
		valid := json.Unmarshal(in, &want) == nil
		out := CutManagedFields(bytes.Clone(in), kind.JSON)
		if !valid || bytes.Equal(in, out) {
			return
		}
		metadata, _ := want.(map[string]any)["metadata"].(map[string]any)
		delete(metadata, "managedFields")
		if err := json.Unmarshal(out, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s\ncut to %s: %v", in, out, err)
		}
	})
}
