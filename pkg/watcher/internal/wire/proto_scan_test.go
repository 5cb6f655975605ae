package wire

import (
	"reflect"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pb writes protobuf by hand.
type pb []byte

func (b pb) text(num protowire.Number, s string) pb {
	return protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), s)
}

func (b pb) number(num protowire.Number, v uint64) pb {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

func (b pb) fixed(num protowire.Number) pb {
	b = protowire.AppendFixed32(protowire.AppendTag(b, num, protowire.Fixed32Type), 7)
	return protowire.AppendFixed64(protowire.AppendTag(b, num, protowire.Fixed64Type), 7)
}

func (b pb) group(num protowire.Number) pb {
	b = protowire.AppendTag(b, num, protowire.StartGroupType)
	return protowire.AppendTag(b.text(1, "in a group"), num, protowire.EndGroupType)
}

func TestScanProtobufFindsEverything(t *testing.T) {
	for _, c := range []struct {
		name string
		raw  []byte
		bare bool
	}{
		{"in its envelope", enveloped(t, "Pod", pod("web")), false},
		{"bare", marshal(t, pod("web")), true},
	} {
		got, err := scanProtobuf(c.raw, c.bare)
		if err != nil {
			t.Fatal(err)
		}
		if want := podMeta("web"); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", c.name, got, want)
		}
		kept := got.Clone()
		for i := range c.raw {
			c.raw[i] = 'X'
		}
		if want := podMeta("web"); !reflect.DeepEqual(kept, want) {
			t.Errorf("%s: the copy of the metadata changed with the input: %+v", c.name, kept)
		}
	}
}

func TestScanProtobufOfOtherKinds(t *testing.T) {
	meta := metav1.ObjectMeta{Name: "a", ResourceVersion: "1"}
	for name, m := range map[string]message{
		"Secret":    &corev1.Secret{ObjectMeta: meta, Data: map[string][]byte{"k": {1, 2}}},
		"Namespace": &corev1.Namespace{ObjectMeta: meta},
		"Event":     &corev1.Event{ObjectMeta: meta, Reason: "r"},
		"Metadata":  &metav1.PartialObjectMetadata{ObjectMeta: meta},
	} {
		got, err := scanProtobuf(enveloped(t, name, m), false)
		if err != nil || !reflect.DeepEqual(got, Meta{Name: "a", ResourceVersion: "1"}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestScanProtobuf(t *testing.T) {
	object := func(meta pb) pb { return pb{}.text(1, string(meta)) }
	name := pb{}.text(metaName, "a")
	for _, c := range []struct {
		name string
		in   pb
		want Meta
		err  string
	}{
		{name: "metadata after the rest", in: pb{}.text(2, "spec").text(1, string(name)), want: Meta{Name: "a"}},
		{name: "any order", in: object(pb{}.text(metaUID, "u").text(metaName, "a")), want: Meta{Name: "a", UID: "u"}},
		{name: "repeated: the last", in: object(pb{}.text(metaName, "x").text(metaName, "a")), want: Meta{Name: "a"}},
		{name: "repeated messages add up", in: append(object(name), object(pb{}.text(metaUID, "u"))...), want: Meta{Name: "a", UID: "u"}},
		{name: "unknown fields of every type", in: object(pb{}.text(99, "x").number(98, 1).fixed(97).group(96).text(metaName, "a")).fixed(5).group(6), want: Meta{Name: "a"}},
		{name: "entry value first", in: object(pb{}.text(metaLabels, string(pb{}.text(entryValue, "v").text(entryKey, "k").text(9, "x")))), want: Meta{Labels: Pairs{{"k", "v"}}}},
		{name: "entry without value", in: object(pb{}.text(metaLabels, string(pb{}.text(entryKey, "k")))), want: Meta{Labels: Pairs{{"k", ""}}}},
		{name: "entry without anything", in: object(pb{}.text(metaAnnotations, "")), want: Meta{Annotations: Pairs{{"", ""}}}},
		{name: "repeated entry: the last", in: object(pb{}.text(metaLabels, string(pb{}.text(entryKey, "k").text(entryValue, "x"))).text(metaLabels, string(pb{}.text(entryKey, "k").text(entryValue, "v")))), want: Meta{Labels: Pairs{{"k", "v"}}}},
		{name: "negative generation", in: object(pb{}.number(metaGeneration, ^uint64(0))), want: Meta{Generation: -1}},
		{name: "empty deletionTimestamp", in: object(pb{}.text(metaDeletion, "")), want: Meta{Deleting: true}},
		{name: "controller false", in: object(pb{}.text(metaOwners, string(pb{}.number(ownerController, 0)))), want: Meta{Owners: []Owner{{}}}},
		{name: "empty metadata", in: object(nil)},

		{name: "nothing", in: pb{}, err: "no metadata"},
		{name: "no metadata", in: pb{}.text(2, "SECRET"), err: "no metadata"},
		{name: "metadata a number", in: pb{}.number(1, 5), err: "metadata has the protobuf wire type 0"},
		{name: "name a number", in: object(pb{}.number(metaName, 5).text(metaNamespace, "n")), want: Meta{Namespace: "n"}, err: "metadata.name has the protobuf wire type 0"},
		{name: "generation a string", in: object(pb{}.text(metaGeneration, "SECRET").text(metaName, "a")), want: Meta{Name: "a"}, err: "metadata.generation"},
		{name: "deletionTimestamp a number", in: object(pb{}.number(metaDeletion, 1)), err: "metadata.deletionTimestamp"},
		{name: "labels a number", in: object(pb{}.number(metaLabels, 1)), err: "metadata.labels"},
		{name: "a label's key a number", in: object(pb{}.text(metaLabels, string(pb{}.number(entryKey, 1).text(entryValue, "SECRET")))), want: Meta{Labels: Pairs{{"", "SECRET"}}}, err: "metadata.labels"},
		{name: "finalizers a number", in: object(pb{}.number(metaFinalizers, 1)), err: "metadata.finalizers"},
		{name: "owners a number", in: object(pb{}.number(metaOwners, 1)), err: "metadata.ownerReferences"},
		{name: "an owner's name a number", in: object(pb{}.text(metaOwners, string(pb{}.number(ownerName, 1)))), want: Meta{Owners: []Owner{{}}}, err: "metadata.ownerReferences.name"},
		{name: "controller a string", in: object(pb{}.text(metaOwners, string(pb{}.text(ownerController, "SECRET")))), want: Meta{Owners: []Owner{{}}}, err: "metadata.ownerReferences.controller"},
		{name: "a length beyond the end", in: object(name)[:3], err: "malformed protobuf"},
		{name: "a length beyond its message", in: object(append(name, 0x12, 0x7f)), want: Meta{Name: "a"}, err: "malformed protobuf"},
		{name: "a field without number", in: pb{0x02, 0x00}, err: "malformed protobuf"},
		{name: "a group that only ends", in: pb{0x0c}, err: "malformed protobuf"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := scanProtobuf(c.in, true)
			if !same(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
			checkError(t, err, c.err)
		})
	}
}

func TestScanProtobufEnvelope(t *testing.T) {
	object := string(pb{}.text(1, string(pb{}.text(metaName, "a"))))
	envelope := func(b pb) []byte { return append([]byte("k8s\x00"), b...) }
	for _, c := range []struct {
		name string
		in   []byte
		err  string
	}{
		{"fields 3 and 4 are there", envelope(pb{}.text(2, object).text(3, "").text(4, "application/vnd.kubernetes.protobuf")), ""},
		{"the type last", envelope(pb{}.text(2, object).text(1, string(pb{}.text(2, "Pod")))), ""},
		{"raw twice: the last", envelope(pb{}.text(2, "SECRET").text(2, object)), ""},
		{"unknown fields", envelope(pb{}.text(77, "x").number(78, 5).text(2, object)), ""},
		{"nothing in it", envelope(nil), "no metadata"},
		{"no prefix", []byte(object), "does not begin"},
		{"JSON", []byte(`{"metadata":{"name":"SECRET"}}`), "does not begin"},
		{"raw a number", envelope(pb{}.number(2, 1)), "raw has the protobuf wire type"},
		{"compressed by itself", envelope(pb{}.text(2, object).text(3, "gzip")), "content encoding"},
		{"cut", envelope(pb{}.text(2, object))[:8], "malformed protobuf"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := scanProtobuf(c.in, false)
			checkError(t, err, c.err)
			if c.err == "" && got.Name != "a" {
				t.Errorf("name %q, want a", got.Name)
			}
		})
	}
}
