package wire

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
	"pgregory.net/rapid"
	"sigs.k8s.io/randfill"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// builtinObject is what every type of the API can do.
type builtinObject interface {
	metav1.Object
	runtime.Object
	message
	Unmarshal(data []byte) error
}

// eachBuiltin calls do with an object of each kind that client-go knows, filled in every field.
func eachBuiltin(tb testing.TB, do func(name string, obj builtinObject)) {
	tb.Helper()
	fill := randfill.NewWithSeed(1).NilChance(0).NumElements(1, 2).MaxDepth(20).Funcs(
		func(v *metav1.Time, c randfill.Continue) { v.Time = time.Unix(int64(c.Int31()), 0) },
		func(v *metav1.MicroTime, c randfill.Continue) { v.Time = time.UnixMicro(int64(c.Int31())) },
		func(v *resource.Quantity, c randfill.Continue) {
			*v = *resource.NewMilliQuantity(int64(c.Int31()), resource.DecimalSI)
		},
		func(v *intstr.IntOrString, c randfill.Continue) { *v = intstr.FromString(c.String(8)) },
		func(v *runtime.RawExtension, _ randfill.Continue) { v.Raw = []byte(`{"a":{"b":1}}`) },
		func(v *metav1.FieldsV1, _ randfill.Continue) { v.SetRawString(`{"f:a":{"f:\"}\\":{}}}`) },
		func(v *metav1.TypeMeta, _ randfill.Continue) { *v = metav1.TypeMeta{} },
	)
	count := 0
	for gvk := range scheme.Scheme.AllKnownTypes() {
		made, err := scheme.Scheme.New(gvk)
		obj, ok := made.(builtinObject)
		if err != nil || !ok {
			continue // an option, or a list
		}
		fill.Fill(obj)
		obj.GetObjectKind().SetGroupVersionKind(gvk)
		if len(obj.GetManagedFields()) == 0 {
			tb.Fatalf("%s has no managedFields to cut", gvk)
		}
		do(gvk.String(), obj)
		count++
	}
	if count < 50 {
		tb.Fatalf("only %d kinds", count)
	}
}

// The rest of every kind of object stays as it is.
func TestCutManagedFieldsProtobuf(t *testing.T) {
	eachBuiltin(t, func(name string, obj builtinObject) {
		bare, inEnvelope := marshal(t, obj), enveloped(t, obj.GetObjectKind().GroupVersionKind().Kind, obj)
		obj.SetManagedFields(nil)
		want, wantEnvelope := marshal(t, obj), enveloped(t, obj.GetObjectKind().GroupVersionKind().Kind, obj)
		if got := CutManagedFields(bare, kind.ProtobufBare); !bytes.Equal(got, want) {
			t.Errorf("%s differs from one without managedFields", name)
		}
		if got := CutManagedFields(inEnvelope, kind.Protobuf); !bytes.Equal(got, wantEnvelope) {
			t.Errorf("%s in its envelope differs from one without managedFields", name)
		}
		if got := CutManagedFields(bytes.Clone(want), kind.ProtobufBare); !bytes.Equal(got, want) {
			t.Errorf("%s without managedFields was changed", name)
		}
	})
}

// Fields may come in any order, be repeated, and unknown.
func TestCutManagedFieldsProtobufAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		managed := pb{}.text(metaManaged, rapid.StringN(0, 200, 300).Draw(t, "managedFields"))
		fields := rapid.SliceOfN(rapid.SampledFrom([]pb{
			managed, managed, pb{}.text(metaManaged, ""), pb{}.text(metaName, "name"), pb{}.number(metaGeneration, 300),
			pb{}.fixed(50), pb{}.group(51), pb{}.text(metaLabels, string(pb{}.text(1, "k"))),
		}), 0, 12).Draw(t, "metadata")
		var with, without pb
		for _, f := range fields {
			with = append(with, f...)
			if !bytes.HasPrefix(f, managed[:2]) {
				without = append(without, f...)
			}
		}
		before, after := pb{}, pb{}.text(2, rapid.StringN(0, 300, 400).Draw(t, "spec"))
		if rapid.Bool().Draw(t, "metadata late") {
			before, after = after, before
		}
		object := func(meta pb) pb { return slices.Concat(before, pb{}.text(1, string(meta)), after) }
		if got := CutManagedFields(object(with), kind.ProtobufBare); !bytes.Equal(got, object(without)) {
			t.Fatalf("bare:\ngot  %x\nwant %x\nfrom %x", got, object(without), object(with))
		}
		envelope := func(o pb) pb {
			return slices.Concat(pb(protobufPrefix), pb{}.text(1, "type"), pb{}.text(2, string(o)), pb{}.text(3, ""))
		}
		if got := CutManagedFields(envelope(object(with)), kind.Protobuf); !bytes.Equal(got, envelope(object(without))) {
			t.Fatalf("in an envelope:\ngot  %x\nwant %x", got, envelope(object(without)))
		}
	})
}

// What is not as usual stays as it is: whoever decodes it will say what is wrong.
func TestCutManagedFieldsUnusual(t *testing.T) {
	meta := string(pb{}.text(1, "a").text(metaManaged, "m"))
	object := pb{}.text(1, meta)
	for name, c := range map[string]struct {
		raw pb
		enc kind.Encoding
	}{
		"empty":                 {nil, kind.ProtobufBare},
		"no metadata":           {pb{}.text(2, "spec"), kind.ProtobufBare},
		"metadata twice":        {pb{}.text(1, meta).text(1, meta), kind.ProtobufBare},
		"metadata a number":     {pb{}.number(1, 5), kind.ProtobufBare},
		"also a number":         {pb{}.text(1, meta).number(1, 5), kind.ProtobufBare},
		"managed a number":      {pb{}.text(1, string(pb{}.text(metaManaged, "m").number(metaManaged, 5))), kind.ProtobufBare},
		"malformed metadata":    {pb{}.text(1, meta+"\x12\x7f"), kind.ProtobufBare},
		"malformed behind it":   {append(pb{}.text(1, meta), 0x12, 0x7f), kind.ProtobufBare},
		"no envelope":           {object, kind.Protobuf},
		"nothing in it":         {append(pb(nil), protobufPrefix...), kind.Protobuf},
		"two objects in it":     {append(pb(nil), protobufPrefix...).text(2, string(object)).text(2, string(object)), kind.Protobuf},
		"a malformed envelope":  {append(append(pb(nil), protobufPrefix...).text(2, string(object)), 0x12), kind.Protobuf},
		"of an unknown form":    {object, 0},
		"a large number of one": {append(pb{}.text(1, meta), 0xff, 0xff, 0xff, 0xff, 0x7f, 0), kind.ProtobufBare},
	} {
		if got := CutManagedFields(bytes.Clone(c.raw), c.enc); !bytes.Equal(got, c.raw) {
			t.Errorf("%s: %x became %x", name, c.raw, got)
		}
	}
}

func TestReadersCutManagedFields(t *testing.T) {
	want := pod("a")
	want.ManagedFields = nil
	w := newWatch(t, watchPB, bytes.NewReader(eventPB(t, "ADDED", enveloped(t, "Pod", pod("a")))), ReaderOptions{CutManagedFields: true})
	f, err := w.Next()
	if err != nil || !bytes.Equal(f.Raw, enveloped(t, "Pod", want)) || !same(f.Meta, podMeta("a")) {
		t.Errorf("%+v, %v", f, err)
	}
	list := podList(1)
	l := newList(t, typeProtobuf, bytes.NewReader(enveloped(t, "PodList", list)), ReaderOptions{CutManagedFields: true})
	list.Items[0].ManagedFields = nil
	f, err = l.Next()
	if err != nil || !bytes.Equal(f.Raw, marshal(t, &list.Items[0])) || !same(f.Meta, podMeta("p0")) {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestCutManagedFieldsAllocatesNothing(t *testing.T) {
	raw := enveloped(t, "Pod", largePod())
	room := make([]byte, len(raw))
	if n := testing.AllocsPerRun(100, func() {
		copy(room, raw)
		if got := CutManagedFields(room, kind.Protobuf); len(got) >= len(raw) {
			t.Fatal("nothing was cut")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzCutManagedFieldsProtobuf: whatever the library decodes, it decodes to the same without managedFields.
func FuzzCutManagedFieldsProtobuf(f *testing.F) {
	f.Add(marshal(f, pod("web")))
	f.Add([]byte(pb{}.text(2, "x").text(1, string(pb{}.text(metaManaged, "").text(1, "a").text(metaManaged, "").fixed(50).group(51)))))
	f.Fuzz(func(t *testing.T, in []byte) {
		var want metav1.PartialObjectMetadata
		wantErr := want.Unmarshal(in)
		out := CutManagedFields(bytes.Clone(in), kind.ProtobufBare)
		var got metav1.PartialObjectMetadata
		err := got.Unmarshal(out)
		if _, scanErr := scanProtobuf(in, true); wantErr != nil || scanErr != nil {
			return // it may have been what was cut; and the library reads a map's entry beyond its end
		}
		if err != nil {
			t.Fatalf("%x became %x: %v", in, out, err)
		}
		if len(out) != len(in) {
			if len(got.ManagedFields) > 0 {
				t.Fatalf("%x became %x, with managedFields", in, out)
			}
			want.ManagedFields = nil
		}
		if !bytes.Equal(toText(t, &got), toText(t, &want)) {
			t.Fatalf("%x became %x", in, out)
		}
		u, err := (&runtime.Unknown{Raw: in}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		e, err := openEnvelope(CutManagedFields(append([]byte("k8s\x00"), u...), kind.Protobuf))
		if err != nil || !bytes.Equal(e.raw, out) {
			t.Fatalf("in an envelope it became %x, %v; want %x", e.raw, err, out)
		}
	})
}

func toText(tb testing.TB, v any) []byte {
	tb.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}
