package kind

import (
	"bytes"
	"encoding/json"
	"hash/fnv"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/randfill"
)

// filled is an object of a kind with a value in every field. It is the same in every run.
func filled(k typed) Object {
	name := fnv.New32a()
	_, _ = name.Write([]byte(k.Resource().String()))
	obj := k.newObject()
	randfill.NewWithSeed(int64(name.Sum32())).NilChance(0).NumElements(1, 1).MaxDepth(30).Funcs(
		// Values that their own JSON or protobuf forms can carry.
		func(v *metav1.Time, c randfill.Continue) { v.Time = time.Unix(int64(c.Int31()), 0) },
		func(v *metav1.MicroTime, c randfill.Continue) { v.Time = time.UnixMicro(int64(c.Int31())) },
		func(v *resource.Quantity, c randfill.Continue) {
			*v = *resource.NewMilliQuantity(int64(c.Int31()), resource.DecimalSI)
		},
		func(v *intstr.IntOrString, c randfill.Continue) { *v = intstr.FromString(c.String(8)) },
		func(v *runtime.RawExtension, _ randfill.Continue) { v.Raw = []byte(`{"a":{"b":1}}`) },
		func(v *apiextensionsv1.JSON, _ randfill.Continue) { v.Raw = []byte(`{"a":{"b":1}}`) },
		func(v *metav1.FieldsV1, _ randfill.Continue) { v.SetRawString(`{"f:a":{}}`) },
		// Protobuf has no place for those of objects inside objects, such as a StatefulSet's claims.
		func(v *metav1.TypeMeta, _ randfill.Continue) { *v = metav1.TypeMeta{} },
		// A type that contains itself many times over.
		func(v *apiextensionsv1.JSONSchemaProps, c randfill.Continue) {
			leaf := apiextensionsv1.JSONSchemaProps{Type: "string", Description: c.String(8)}
			*v = apiextensionsv1.JSONSchemaProps{
				Type:                 "object",
				Properties:           map[string]apiextensionsv1.JSONSchemaProps{"a": leaf},
				Not:                  &leaf,
				AllOf:                []apiextensionsv1.JSONSchemaProps{leaf},
				Items:                &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &leaf},
				AdditionalProperties: &apiextensionsv1.JSONSchemaPropsOrBool{Allows: true, Schema: &leaf},
				Dependencies:         apiextensionsv1.JSONSchemaDependencies{"a": {Property: []string{"b"}}},
				Default:              &apiextensionsv1.JSON{Raw: []byte(`{"a":"b"}`)},
			}
		},
	).Fill(obj)
	stamp(obj, k.Resource())
	return obj
}

// encodings gives the bytes of an object in every encoding that its type has.
func encodings(tb testing.TB, obj Object) map[Encoding][]byte {
	tb.Helper()
	text, err := json.Marshal(obj)
	if err != nil {
		tb.Fatal(err)
	}
	all := map[Encoding][]byte{JSON: text}
	var item bytes.Buffer
	if err := cbor.NewSerializer(nil, nil).Encode(obj, &item); err != nil {
		tb.Fatal(err)
	}
	all[CBOR] = item.Bytes()
	if m, ok := obj.(interface{ Marshal() ([]byte, error) }); ok {
		if all[ProtobufBare], err = m.Marshal(); err != nil {
			tb.Fatal(err)
		}
		var wrapped bytes.Buffer
		if err := protobuf.NewSerializer(nil, nil).Encode(obj, &wrapped); err != nil {
			tb.Fatal(err)
		}
		all[Protobuf] = wrapped.Bytes()
	}
	return all
}
