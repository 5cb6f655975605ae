package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// largePod is about as large as the Pods of a cluster are.
func largePod() *corev1.Pod {
	p := pod("web-7d3f")
	p.Annotations["config"] = strings.Repeat("value ", 100)
	for i := range 20 {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{
			Name: fmt.Sprint("c", i), Image: "registry/image:tag", Command: []string{"run", "--with", strings.Repeat("arg ", 20)},
			Env: []corev1.EnvVar{{Name: "A", Value: strings.Repeat("v", 100)}},
		})
	}
	return p
}

func BenchmarkScan(b *testing.B) {
	var m Meta
	raw := toJSON(b, largePod())
	b.Run("JSON", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()
		for b.Loop() {
			if err := ScanJSON(raw, &m); err != nil {
				b.Fatal(err)
			}
		}
	})
	rawPB := enveloped(b, "Pod", largePod())
	b.Run("protobuf", func(b *testing.B) {
		b.SetBytes(int64(len(rawPB)))
		b.ReportAllocs()
		for b.Loop() {
			if err := ScanProtobuf(rawPB, false, &m); err != nil {
				b.Fatal(err)
			}
		}
	})
	rawCBOR := toCBOR(b, largePod())
	b.Run("CBOR", func(b *testing.B) {
		b.SetBytes(int64(len(rawCBOR)))
		b.ReportAllocs()
		for b.Loop() {
			if err := ScanCBOR(rawCBOR, &m); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkWatch reads events; an operation is one event.
func BenchmarkWatch(b *testing.B) {
	const events = 1000
	streams := map[string]struct {
		contentType string
		event       []byte
	}{
		"JSON":     {typeJSON, eventJSON(b, "ADDED", toJSON(b, largePod()))},
		"protobuf": {watchPB, eventPB(b, "ADDED", enveloped(b, "Pod", largePod()))},
		"CBOR":     {typeCBORSeq, eventCBOR(b, "ADDED", toCBOR(b, largePod()))},
	}
	for name, s := range streams {
		b.Run(name, func(b *testing.B) {
			stream := bytes.Repeat(s.event, events)
			b.SetBytes(int64(len(s.event)))
			b.ReportAllocs()
			r := newWatch(b, s.contentType, bytes.NewReader(stream), ReaderOptions{})
			for b.Loop() {
				frame, err := r.Next()
				frame.Release()
				if errors.Is(err, io.EOF) {
					r = newWatch(b, s.contentType, bytes.NewReader(stream), ReaderOptions{})
				} else if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkList reads pages of 500; an operation is one item.
func BenchmarkList(b *testing.B) {
	pods := podList(0)
	for range 500 {
		pods.Items = append(pods.Items, *largePod())
	}
	for name, f := range listForms {
		b.Run(name, func(b *testing.B) {
			page := f.list(b, pods)
			b.SetBytes(int64(len(page) / len(pods.Items)))
			b.ReportAllocs()
			r := newList(b, f.contentType, bytes.NewReader(page), ReaderOptions{})
			for b.Loop() {
				frame, err := r.Next()
				frame.Release()
				if errors.Is(err, io.EOF) {
					r = newList(b, f.contentType, bytes.NewReader(page), ReaderOptions{})
				} else if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCutManagedFields(b *testing.B) {
	p := largePod()
	fields := metav1.NewFieldsV1(`{"f:metadata":{"f:annotations":{".":{}` + strings.Repeat(`,"f:config":{}`, 80) + `}}}`)
	p.ManagedFields = []metav1.ManagedFieldsEntry{
		{Manager: "kubelet", Operation: "Update", APIVersion: "v1", FieldsV1: fields},
		{Manager: "kube-controller-manager", Operation: "Update", APIVersion: "v1", FieldsV1: fields},
	}
	for name, form := range map[string]struct {
		raw []byte
		enc kind.Encoding
	}{
		"protobuf": {enveloped(b, "Pod", p), kind.Protobuf},
		"JSON":     {toJSON(b, p), kind.JSON},
	} {
		b.Run(name, func(b *testing.B) {
			room := make([]byte, len(form.raw))
			b.SetBytes(int64(len(form.raw)))
			b.ReportAllocs()
			for b.Loop() {
				copy(room, form.raw)
				CutManagedFields(room, form.enc)
			}
		})
	}
}
