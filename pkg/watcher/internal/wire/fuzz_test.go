package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "sigs.k8s.io/json"
)

// Differential tests: what the libraries of the API machinery decode, the scans and readers find too.

// same compares metadata, an empty map or list being as good as none.
func same(a, b Meta) bool {
	return a.Namespace == b.Namespace && a.Name == b.Name && a.UID == b.UID && a.ResourceVersion == b.ResourceVersion &&
		a.Generation == b.Generation && a.Deleting == b.Deleting && maps.Equal(mapOf(a.Labels), mapOf(b.Labels)) &&
		maps.Equal(mapOf(a.Annotations), mapOf(b.Annotations)) && slices.Equal(a.Finalizers, b.Finalizers) && slices.Equal(a.Owners, b.Owners)
}

// metaOf is what a scan should find in decoded metadata.
func metaOf(o *metav1.ObjectMeta) Meta {
	m := Meta{
		Namespace: o.Namespace, Name: o.Name, UID: string(o.UID), ResourceVersion: o.ResourceVersion, Generation: o.Generation,
		Labels: pairsOf(o.Labels), Annotations: pairsOf(o.Annotations), Finalizers: o.Finalizers, Deleting: o.DeletionTimestamp != nil,
	}
	for _, r := range o.OwnerReferences {
		m.Owners = append(m.Owners, Owner{APIVersion: r.APIVersion, Kind: r.Kind, Name: r.Name, UID: string(r.UID), Controller: r.Controller != nil && *r.Controller})
	}
	return m
}

// looseMeta are the fields that a scan looks at, without the checks of the rest of ObjectMeta.
type looseMeta struct {
	Namespace         string            `json:"namespace"`
	Name              string            `json:"name"`
	UID               string            `json:"uid"`
	ResourceVersion   string            `json:"resourceVersion"`
	Generation        int64             `json:"generation"`
	DeletionTimestamp *string           `json:"deletionTimestamp"`
	Labels            map[string]string `json:"labels"`
	Annotations       map[string]string `json:"annotations"`
	Finalizers        []string          `json:"finalizers"`
	OwnerReferences   []struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Name       string `json:"name"`
		UID        string `json:"uid"`
		Controller *bool  `json:"controller"`
	} `json:"ownerReferences"`
}

func (o *looseMeta) meta() Meta {
	m := Meta{
		Namespace: o.Namespace, Name: o.Name, UID: o.UID, ResourceVersion: o.ResourceVersion, Generation: o.Generation,
		Labels: pairsOf(o.Labels), Annotations: pairsOf(o.Annotations), Finalizers: o.Finalizers, Deleting: o.DeletionTimestamp != nil,
	}
	for _, r := range o.OwnerReferences {
		m.Owners = append(m.Owners, Owner{r.APIVersion, r.Kind, r.Name, r.UID, r.Controller != nil && *r.Controller})
	}
	return m
}

func FuzzScanJSON(f *testing.F) {
	f.Add(toJSON(f, pod("web")))
	for _, s := range []string{
		`{"metadata":{"name":"a"},"metadata":{"labels":{"a":"b","a":null},"labels":{"\u0061":"c"}}}`,
		`{"metadata":{"finalizers":["a","b"],"finalizers":["c"],"finalizers":[null,null,"x"]}}`,
		`{"metadata":{"ownerReferences":[{"name":"a","controller":true},{"uid":"u"}],"ownerReferences":[{"kind":"k"}],"ownerReferences":[null,{"controller":null}]}}`,
		`{"metadata":{"deletionTimestamp":"x","generation":-0,"name":"\ud83d\ude00\ud800\u0000"},"spec":1e999}`,
		"{\"metadata\":{\"name\":\"\xff\xc0\",\"labels\":{\"\xfe\":\"\"}}}", `{"metadata":null}`, `null`, `[]`, `{"metadata":{"generation":1.0}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var want struct {
			Metadata *looseMeta `json:"metadata"`
		}
		wantErr := kjson.UnmarshalCaseSensitivePreserveInts(in, &want)
		var got Meta
		err := slowScanJSON(in, &got)
		if wantErr == nil && want.Metadata == nil {
			return // null after metadata: the library forgets what came before, a struct field would not
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("scan: %v, library: %v", err, wantErr)
		}
		if err == nil && !same(got, want.Metadata.meta()) {
			t.Fatalf("scan    %+v\nlibrary %+v", got, want.Metadata.meta())
		}
	})
}

func FuzzScanProtobuf(f *testing.F) {
	f.Add(marshal(f, pod("web")))
	f.Add([]byte(pb{}.text(1, string(pb{}.text(metaLabels, string(pb{}.text(entryKey, "k"))).fixed(50).group(51)))))
	f.Fuzz(func(t *testing.T, in []byte) {
		var want metav1.PartialObjectMetadata
		wantErr := want.Unmarshal(in)
		got, err := scanProtobuf(in, true)
		if wantErr == nil && err == nil && !same(got, metaOf(&want.ObjectMeta)) {
			t.Fatalf("scan    %+v\nlibrary %+v", got, metaOf(&want.ObjectMeta))
		}
		// The same through an envelope.
		u, uErr := (&runtime.Unknown{Raw: in}).Marshal()
		if uErr != nil {
			t.Fatal(uErr)
		}
		enveloped, envErr := scanProtobuf(append([]byte("k8s\x00"), u...), false)
		if (envErr == nil) != (err == nil) || !same(enveloped, got) {
			t.Fatalf("bare %+v, %v\nenveloped %+v, %v", got, err, enveloped, envErr)
		}
		// What the library writes is always understood.
		if wantErr == nil {
			again, mErr := want.Marshal()
			if mErr != nil {
				t.Fatal(mErr)
			}
			if got, err := scanProtobuf(again, true); err != nil || !same(got, metaOf(&want.ObjectMeta)) {
				t.Fatalf("written by the library: %v\nscan    %+v\nlibrary %+v", err, got, metaOf(&want.ObjectMeta))
			}
		}
	})
}

// FuzzOpenEnvelope takes any bytes for a document of the protobuf media type.
func FuzzOpenEnvelope(f *testing.F) {
	f.Add(enveloped(f, "Pod", pod("web")))
	f.Fuzz(func(t *testing.T, in []byte) {
		_ = DecodeStatus(in, typeProtobuf)
		got, err := openEnvelope(in)
		if err != nil {
			return
		}
		var want runtime.Unknown
		if wantErr := want.Unmarshal(in[len(protobufPrefix):]); wantErr == nil && (!bytes.Equal(got.raw, want.Raw) || got.kind != want.Kind) {
			t.Fatalf("kind %q, want %q; %d bytes, want %d", got.kind, want.Kind, len(got.raw), len(want.Raw))
		}
	})
}

// drainAll reads until the end, or until more frames came than bytes can make.
func drainAll(t *testing.T, r WatchReader, limit int) (good []*Frame, bad int, end error) {
	t.Helper()
	for range limit {
		f, err := r.Next()
		var b *BadFrameError
		switch {
		case errors.As(err, &b):
			bad++
		case err != nil:
			return good, bad, err
		default:
			good = append(good, f)
		}
	}
	t.Fatal("the reader does not end")
	return nil, 0, nil
}

func FuzzWatchJSON(f *testing.F) {
	f.Add(append(eventJSON(f, "ADDED", toJSON(f, pod("a"))), eventJSON(f, "ERROR", []byte(statusJSON))...))
	f.Add([]byte(`{"type":"ADDED","object":{"metadata":{"name":"a"}},"object":null}{"type":"X"} 5 "x" null`))
	f.Fuzz(func(t *testing.T, in []byte) {
		good, bad, end := drainAll(t, newSlowWatch(newMeter(bytes.NewReader(in), ReaderOptions{})), len(in)+2)
		// The library splits the same documents.
		dec, count := json.NewDecoder(bytes.NewReader(in)), 0
		var wantEnd error
		for ; wantEnd == nil; count++ {
			var doc json.RawMessage
			if wantEnd = dec.Decode(&doc); wantEnd != nil {
				break
			}
			var e metav1.WatchEvent
			if count < len(good) && bad == 0 && kjson.UnmarshalCaseSensitivePreserveInts(doc, &e) == nil && !bytes.Equal(good[count].Raw, e.Object.Raw) {
				t.Fatalf("event %d: %q, want %q", count, good[count].Raw, e.Object.Raw)
			}
		}
		if len(good)+bad != count || (errors.Is(end, io.EOF)) != (errors.Is(wantEnd, io.EOF)) {
			t.Fatalf("%d+%d frames, %v; the library: %d, %v", len(good), bad, end, count, wantEnd)
		}
	})
}

func FuzzWatchProtobuf(f *testing.F) {
	f.Add(append(eventPB(f, "ADDED", enveloped(f, "Pod", pod("a"))), eventPB(f, "ERROR", enveloped(f, "Status", expired()))...))
	f.Fuzz(func(t *testing.T, in []byte) {
		good, bad, end := drainAll(t, newWatch(t, watchPB, bytes.NewReader(in), ReaderOptions{}), len(in)+2)
		count, left := 0, in
		for len(left) >= 4 && uint64(binary.BigEndian.Uint32(left)) <= uint64(len(left)-4) {
			event := left[4 : 4+binary.BigEndian.Uint32(left)]
			left = left[4+len(event):]
			var want metav1.WatchEvent
			if count < len(good) && bad == 0 && want.Unmarshal(event) == nil && !bytes.Equal(good[count].Raw, want.Object.Raw) {
				t.Fatalf("event %d: %q, want %q", count, good[count].Raw, want.Object.Raw)
			}
			count++
		}
		if len(good)+bad != count || (errors.Is(end, io.EOF)) != (len(left) == 0) {
			t.Fatalf("%d+%d frames, %v; want %d, %d bytes left", len(good), bad, end, count, len(left))
		}
	})
}

func FuzzListJSON(f *testing.F) {
	f.Add(toJSON(f, podList(2)))
	f.Add([]byte(`{"items":[1,{"metadata":{"name":"a"}}],"metadata":{"resourceVersion":"1"},"kind":"XList"}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		l := newList(t, typeJSON, bytes.NewReader(in), ReaderOptions{})
		good, bad, end := drainAll(t, l, len(in)+2)
		if !errors.Is(end, io.EOF) {
			return
		}
		var want struct {
			Kind     string            `json:"kind"`
			Metadata metav1.ListMeta   `json:"metadata"`
			Items    []json.RawMessage `json:"items"`
		}
		if err := kjson.UnmarshalCaseSensitivePreserveInts(in, &want); err != nil {
			return // fields that are not looked at may be of a wrong type
		}
		remaining := int64(0)
		if want.Metadata.RemainingItemCount != nil {
			remaining = *want.Metadata.RemainingItemCount
		}
		if got := l.Meta(); len(good)+bad != len(want.Items) || got.ResourceVersion != want.Metadata.ResourceVersion || got.Continue != want.Metadata.Continue || (remaining != 0 && got.Remaining != remaining) {
			t.Fatalf("%d+%d items, %+v; the library: %d, %+v", len(good), bad, got, len(want.Items), want.Metadata)
		}
	})
}

func FuzzListProtobuf(f *testing.F) {
	f.Add(enveloped(f, "PodList", podList(2)))
	f.Fuzz(func(t *testing.T, in []byte) {
		l := newList(t, typeProtobuf, bytes.NewReader(in), ReaderOptions{})
		good, bad, end := drainAll(t, l, len(in)+2)
		if !errors.Is(end, io.EOF) || bad > 0 {
			return
		}
		var u runtime.Unknown
		var want metav1.PartialObjectMetadataList
		if u.Unmarshal(in[len(protobufPrefix):]) != nil || want.Unmarshal(u.Raw) != nil {
			return
		}
		if len(good) != len(want.Items) || l.Meta().ResourceVersion != want.ResourceVersion || l.Meta().Continue != want.Continue {
			t.Fatalf("%d items, %+v; the library: %d, %+v", len(good), l.Meta(), len(want.Items), want.ListMeta)
		}
		for i := range good {
			if !same(good[i].Meta, metaOf(&want.Items[i].ObjectMeta)) {
				t.Fatalf("item %d: %+v", i, good[i].Meta)
			}
		}
	})
}
