package kind

import (
	_ "embed"
	"encoding/json"
	"testing"
)

// podJSON is a Pod as a cluster has it: two containers, probes, volumes, status, and managedFields, which
// are a quarter of its 8.7 KB.
//
//go:embed testdata/pod.json
var podJSON []byte

// withoutManagedFields is an object without its metadata.managedFields.
func withoutManagedFields(tb testing.TB, raw []byte) []byte {
	tb.Helper()
	var object, meta map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(object["metadata"], &meta); err != nil {
		tb.Fatal(err)
	}
	delete(meta, "managedFields")
	var err error
	if object["metadata"], err = json.Marshal(meta); err != nil {
		tb.Fatal(err)
	}
	cut, err := json.Marshal(object)
	if err != nil {
		tb.Fatal(err)
	}
	return cut
}

func BenchmarkDecode(b *testing.B) {
	pod, err := Pod.Decode(podJSON, JSON)
	if err != nil {
		b.Fatal(err)
	}
	custom, err := widget.Decode(withoutManagedFields(b, []byte(widgetJSON)), JSON)
	if err != nil {
		b.Fatal(err)
	}
	for _, bench := range []struct {
		name string
		kind typed
		raw  []byte
		enc  Encoding
	}{
		{"pod/json", Pod, podJSON, JSON},
		{"pod/json/cut", Pod, withoutManagedFields(b, podJSON), JSON},
		{"pod/protobuf", Pod, encodings(b, pod)[Protobuf], Protobuf},
		{"pod/metadata/json", Metadata(Pod), podJSON, JSON},
		{"pod/unstructured/json", Unstructured(Pod.Resource().GVK()), podJSON, JSON},
		{"custom/json", widget, []byte(widgetJSON), JSON},
		{"custom/json/cut", widget, withoutManagedFields(b, []byte(widgetJSON)), JSON},
		{"pod/cbor", Pod, cborOf(b, string(podJSON)), CBOR},
		{"pod/cbor/cut", Pod, cborOf(b, string(withoutManagedFields(b, podJSON))), CBOR},
		{"pod/metadata/cbor", Metadata(Pod), cborOf(b, string(podJSON)), CBOR},
		{"pod/unstructured/cbor", Unstructured(Pod.Resource().GVK()), cborOf(b, string(podJSON)), CBOR},
		{"custom/cbor/cut", widget, encodings(b, custom)[CBOR], CBOR},
		{"custom/unstructured/cbor", Unstructured(widget.Resource().GVK()), cborOf(b, widgetJSON), CBOR},
		{"custom/unstructured/json", Unstructured(widget.Resource().GVK()), []byte(widgetJSON), JSON},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bench.raw)))
			for b.Loop() {
				if _, err := bench.kind.decodeObject(bench.raw, bench.enc); err != nil {
					b.Fatal(err)
				}
			}
		})
		if bench.enc != JSON {
			continue
		}
		b.Run(bench.name+"/slowly", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bench.raw)))
			for b.Loop() {
				if _, err := bench.kind.decodeSlowly(bench.raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
