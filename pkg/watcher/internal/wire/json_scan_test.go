package wire

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func TestScanJSONFindsEverything(t *testing.T) {
	got, err := scanJSON(toJSON(t, pod("web")))
	if err != nil {
		t.Fatal(err)
	}
	if want := podMeta("web"); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestScanJSON(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     Meta
		err      string
	}{
		{name: "metadata last", in: `{"spec":{"metadata":{"name":"no"}},"metadata":{"name":"a"}}`, want: Meta{Name: "a"}},
		{name: "white space", in: " {\n\"metadata\" :\t{ \"name\" : \"a\" } } \n", want: Meta{Name: "a"}},
		{name: "escaped names", in: `{"meta\u0064ata":{"n\u0061me":"a\u0062\n\ud83d\ude00"}}`, want: Meta{Name: "ab\n😀"}},
		{name: "half a surrogate", in: `{"metadata":{"name":"\ud800"}}`, want: Meta{Name: "\ufffd"}},
		{name: "broken UTF-8", in: "{\"metadata\":{\"name\":\"a\xff\"}}", want: Meta{Name: "a\ufffd"}},
		{name: "case counts", in: `{"Metadata":{"name":"x"},"metadata":{"Name":"y","NAME":"z","name":"a"}}`, want: Meta{Name: "a"}},
		{name: "repeated: the last", in: `{"metadata":{"name":"x","name":"a"}}`, want: Meta{Name: "a"}},
		{name: "repeated objects add up", in: `{"metadata":{"name":"a","uid":"u"},"metadata":{"uid":"v"}}`, want: Meta{Name: "a", UID: "v"}},
		{name: "repeated maps add up", in: `{"metadata":{"labels":{"a":"1","b":"1"},"labels":{"b":"2"}}}`, want: Meta{Labels: Pairs{{"a", "1"}, {"b", "2"}}}},
		{name: "null leaves a string", in: `{"metadata":{"name":"a","name":null,"namespace":null},"metadata":null}`, want: Meta{Name: "a"}},
		{name: "null removes a map", in: `{"metadata":{"labels":{"a":"1"},"labels":null,"annotations":{"a":null}}}`, want: Meta{Annotations: Pairs{{"a", ""}}}},
		{name: "null removes a list", in: `{"metadata":{"finalizers":["a"],"finalizers":null,"ownerReferences":[null]}}`, want: Meta{Owners: []Owner{{}}}},
		{name: "empty", in: `{"metadata":{"labels":{},"finalizers":[]}}`},
		{name: "not being deleted", in: `{"metadata":{"deletionTimestamp":null}}`},
		{name: "deleted, then not", in: `{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z","deletionTimestamp":null}}`},
		{name: "controller", in: `{"metadata":{"ownerReferences":[{"controller":false,"x":[]},{"controller":true,"controller":null}]}}`, want: Meta{Owners: []Owner{{}, {}}}},
		{name: "unknown fields", in: `{"metadata":{"x":{"name":"no"},"y":[[{"name":1}]],"name":"a"},"z":1e999}`, want: Meta{Name: "a"}},
		{name: "negative generation", in: `{"metadata":{"generation":-9223372036854775808}}`, want: Meta{Generation: -9223372036854775808}},

		{name: "no metadata", in: `{"spec":{}}`, err: "no metadata"},
		{name: "null metadata", in: `{"metadata":null}`, err: "no metadata"},
		{name: "null", in: `null`, err: "no metadata"},
		{name: "metadata a string", in: `{"metadata":"SECRET"}`, err: "metadata is a string, want an object"},
		{name: "the object a list", in: `[{"metadata":{"name":"SECRET"}}]`, err: "the object is an array, want an object"},
		{name: "name a number", in: `{"metadata":{"name":5,"namespace":"n"}}`, want: Meta{Namespace: "n"}, err: "metadata.name is a number, want a string"},
		{name: "labels of numbers", in: `{"metadata":{"labels":{"SECRET":1},"name":"a"}}`, want: Meta{Name: "a", Labels: Pairs{{"SECRET", ""}}}, err: "a value of metadata.labels is a number"},
		{name: "labels a list", in: `{"metadata":{"labels":["SECRET"],"name":"a"}}`, want: Meta{Name: "a"}, err: "metadata.labels is an array"},
		{name: "finalizers an object", in: `{"metadata":{"finalizers":{"SECRET":1},"name":"a"}}`, want: Meta{Name: "a"}, err: "metadata.finalizers is an object"},
		{name: "a finalizer a boolean", in: `{"metadata":{"finalizers":["x",true]}}`, want: Meta{Finalizers: []string{"x", ""}}, err: "metadata.finalizers[1] is a boolean"},
		{name: "an owner a string", in: `{"metadata":{"ownerReferences":["SECRET"]}}`, want: Meta{Owners: []Owner{{}}}, err: "metadata.ownerReferences[0] is a string"},
		{name: "controller a string", in: `{"metadata":{"ownerReferences":[{"controller":"SECRET","name":"o"}]}}`, want: Meta{Owners: []Owner{{Name: "o"}}}, err: "metadata.ownerReferences[0].controller is a string"},
		{name: "generation a fraction", in: `{"metadata":{"generation":1.5,"name":"a"}}`, want: Meta{Name: "a"}, err: "metadata.generation is a number that is not an integer"},
		{name: "generation too large", in: `{"metadata":{"generation":9223372036854775808}}`, err: "metadata.generation"},
		{name: "generation a string", in: `{"metadata":{"generation":"1"}}`, err: "metadata.generation is a string"},
		{name: "deletionTimestamp a number", in: `{"metadata":{"deletionTimestamp":1}}`, err: "metadata.deletionTimestamp is a number"},
		{name: "cut", in: `{"metadata":{"name":"a"`, want: Meta{Name: "a"}, err: "EOF"},
		{name: "broken after the metadata", in: `{"metadata":{"name":"a"},"spec":{]}`, want: Meta{Name: "a"}, err: "invalid character"},
		{name: "followed by something", in: `{"metadata":{"name":"a"}}{}`, want: Meta{Name: "a"}, err: "followed by"},
		{name: "nothing", in: ``, err: "EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := scanJSON([]byte(c.in))
			if !same(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
			checkError(t, err, c.err)
		})
	}
}

// checkError compares an error with a part of its text, and sees to it that it carries no values.
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("unexpected error: %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("error %v, want one with %q", err, want)
	case err != nil && strings.Contains(err.Error(), "SECRET"):
		t.Errorf("the error carries a value: %v", err)
	}
}

func TestScanJSONChangesNothing(t *testing.T) {
	raw := toJSON(t, pod("web"))
	before := bytes.Clone(raw)
	got, err := scanJSON(raw)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(raw, before) {
		t.Fatal("the scan changed its input")
	}
	kept := got.Clone()
	for i := range raw {
		raw[i] = 'X'
	}
	if want := podMeta("web"); !reflect.DeepEqual(kept, want) {
		t.Errorf("the copy of the metadata changed with the input: %+v", kept)
	}
}

func TestInitialEventsEnd(t *testing.T) {
	for _, c := range []struct {
		in   string
		want bool
	}{
		{`{"metadata":{"resourceVersion":"5","annotations":{"k8s.io/initial-events-end":"true"}}}`, true},
		{`{"metadata":{"resourceVersion":"5","annotations":{"k8s.io/initial-events-end":"false"}}}`, false},
		{`{"metadata":{"resourceVersion":"5","labels":{"k8s.io/initial-events-end":"true"}}}`, false},
		{`{"metadata":{"resourceVersion":"5"}}`, false},
	} {
		m, err := scanJSON([]byte(c.in))
		if err != nil || InitialEventsEnd(&m) != c.want {
			t.Errorf("%s: %v, %v; want %v", c.in, InitialEventsEnd(&m), err, c.want)
		}
	}
}
