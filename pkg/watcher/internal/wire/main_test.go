package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"maps"
	"slices"
	"testing"

	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ancho-dev/ancho/internal/poison"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() == "" { // it would be measured with the rest
		poison.Enable()
	}
	goleak.VerifyTestMain(m)
}

const (
	typeJSON     = "application/json"
	typeProtobuf = "application/vnd.kubernetes.protobuf"
	watchPB      = typeProtobuf + ";stream=watch"
	typeCBOR     = "application/cbor"
	typeCBORSeq  = "application/cbor-seq"
)

// message is what every generated protobuf type can do.
type message interface{ Marshal() ([]byte, error) }

func marshal(tb testing.TB, m message) []byte {
	tb.Helper()
	out, err := m.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// enveloped is a document of the media type application/vnd.kubernetes.protobuf.
func enveloped(tb testing.TB, kind string, m message) []byte {
	tb.Helper()
	u := &runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "v1", Kind: kind}, Raw: marshal(tb, m)}
	return append([]byte("k8s\x00"), marshal(tb, u)...)
}

// eventPB is an event as it goes over the wire.
func eventPB(tb testing.TB, typ string, object []byte) []byte {
	tb.Helper()
	event := marshal(tb, &metav1.WatchEvent{Type: typ, Object: runtime.RawExtension{Raw: object}})
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(event))), event...)
}

func eventJSON(tb testing.TB, typ string, object []byte) []byte {
	tb.Helper()
	out, err := json.Marshal(&metav1.WatchEvent{Type: typ, Object: runtime.RawExtension{Raw: object}})
	if err != nil {
		tb.Fatal(err)
	}
	return append(out, '\n')
}

func toJSON(tb testing.TB, v runtime.Object) []byte {
	tb.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// pod has everything that a scan looks at, and more.
func pod(name string) *corev1.Pod {
	now := metav1.Unix(1700000000, 0)
	return &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: "demo", UID: "7d3f-uid", ResourceVersion: "12345678901234567890", Generation: 7,
			CreationTimestamp: now, DeletionTimestamp: &now,
			Labels:      map[string]string{"app": "shop", "tier": "quo\"ted é \\"},
			Annotations: map[string]string{"note": "one\ntwo", "empty": ""},
			Finalizers:  []string{"a.example.com/x", "b.example.com/y"},
			OwnerReferences: []metav1.OwnerReference{
				{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "rs", UID: "owner-uid", Controller: new(true)},
				{APIVersion: "v1", Kind: "ConfigMap", Name: "cm", UID: "other", BlockOwnerDeletion: new(true)},
			},
			ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "m", FieldsV1: metav1.NewFieldsV1(`{"f:metadata":{"f:name":{}}}`)}},
		},
		Spec: corev1.PodSpec{NodeName: "n", Containers: []corev1.Container{{Name: "c", Image: "i"}}},
	}
}

// podOf has a name and nothing else.
func podOf(name string) *corev1.Pod { return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}} }

func podMeta(name string) Meta {
	return Meta{
		Namespace: "demo", Name: name, UID: "7d3f-uid", ResourceVersion: "12345678901234567890", Generation: 7, Deleting: true,
		Labels:      Pairs{{"app", "shop"}, {"tier", "quo\"ted é \\"}},
		Annotations: Pairs{{"empty", ""}, {"note", "one\ntwo"}},
		Finalizers:  []string{"a.example.com/x", "b.example.com/y"},
		Owners: []Owner{
			{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "rs", UID: "owner-uid", Controller: true},
			{APIVersion: "v1", Kind: "ConfigMap", Name: "cm", UID: "other"},
		},
	}
}

// drain reads either kind of reader to the end. Bad frames are collected; end is what ended the reading.
func drain(tb testing.TB, r WatchReader) (good []*Frame, bad []*BadFrameError, end error) {
	tb.Helper()
	for {
		f, err := r.Next()
		var b *BadFrameError
		switch {
		case errors.As(err, &b):
			bad = append(bad, b)
		case err != nil:
			if _, again := r.Next(); again == nil || again.Error() != err.Error() {
				tb.Fatalf("after %v, Next says %v: want the same again", err, again)
			}
			return good, bad, err
		default:
			good = append(good, f)
		}
	}
}

func names(frames []*Frame) []string {
	out := []string{}
	for _, f := range frames {
		out = append(out, f.Type.String()+" "+f.Meta.Name)
	}
	return out
}

func newWatch(tb testing.TB, contentType string, r io.Reader, o ReaderOptions) WatchReader {
	tb.Helper()
	w, err := NewWatchReader(contentType, r, o)
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

func newList(tb testing.TB, contentType string, r io.Reader, o ReaderOptions) ListReader {
	tb.Helper()
	l, err := NewListReader(contentType, r, o)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func scanJSON(raw []byte) (m Meta, err error) {
	err = ScanJSON(raw, &m)
	return m, err
}

func scanProtobuf(raw []byte, bare bool) (m Meta, err error) {
	err = ScanProtobuf(raw, bare, &m)
	return m, err
}

// pairsOf are the pairs of a map, sorted by key.
func pairsOf(from map[string]string) Pairs {
	var out Pairs
	for _, k := range slices.Sorted(maps.Keys(from)) {
		out = append(out, Pair{k, from[k]})
	}
	return out
}

// mapOf is the opposite of pairsOf; a key that is there twice fails the test.
func mapOf(p Pairs) map[string]string {
	out := map[string]string{}
	for _, pair := range p {
		if _, again := out[pair.Key]; again {
			panic("a key is there twice")
		}
		out[pair.Key] = pair.Value
	}
	return out
}
