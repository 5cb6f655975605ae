package wire

import (
	"bytes"
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// protobufPrefix begins every document of the media type application/vnd.kubernetes.protobuf.
var protobufPrefix = []byte("k8s\x00")

// ScanProtobuf finds the metadata in the protobuf of an object without decoding it. Unless bare, raw begins
// with the envelope that watch events have. Of a repeated field the last wins, but messages, lists and maps add
// up. An error says what is malformed, or that there is no metadata at all; m then has the fields that were
// understood. What m held before is gone, but for the memory of its lists; its strings may alias raw.
func ScanProtobuf(raw []byte, bare bool, m *Meta) error {
	m.reset()
	if !bare {
		env, err := openEnvelope(raw)
		if err != nil {
			return err
		}
		raw = env.raw
	}
	found := false
	f := fields{in: raw}
	for f.next() {
		if f.num == 1 && f.wants("metadata", protowire.BytesType) {
			found = true
			f.keep(scanObjectMetaPB(f.bytes, m))
		}
	}
	m.Labels, m.Annotations = m.Labels.unique(), m.Annotations.unique()
	switch {
	case f.err != nil:
		return f.err
	case f.bad != nil:
		return f.bad
	case !found:
		return errNoMetadata
	}
	return nil
}

// Field numbers of metav1.ObjectMeta, OwnerReference, and of the entries of its maps.
const (
	metaName            = 1
	metaNamespace       = 3
	metaUID             = 5
	metaResourceVersion = 6
	metaGeneration      = 7
	metaDeletion        = 9
	metaLabels          = 11
	metaAnnotations     = 12
	metaOwners          = 13
	metaFinalizers      = 14

	ownerKind       = 1
	ownerName       = 3
	ownerUID        = 4
	ownerAPIVersion = 5
	ownerController = 6

	entryKey   = 1
	entryValue = 2
)

// scanObjectMetaPB adds the fields of an ObjectMeta to m.
func scanObjectMetaPB(in []byte, m *Meta) error {
	f := fields{in: in}
	for f.next() {
		switch f.num {
		case metaName:
			f.text("metadata.name", &m.Name)
		case metaNamespace:
			f.text("metadata.namespace", &m.Namespace)
		case metaUID:
			f.text("metadata.uid", &m.UID)
		case metaResourceVersion:
			f.text("metadata.resourceVersion", &m.ResourceVersion)
		case metaGeneration:
			if f.wants("metadata.generation", protowire.VarintType) {
				m.Generation = int64(f.varint) //nolint:gosec // two's complement is how protobuf writes an int64
			}
		case metaDeletion:
			m.Deleting = f.wants("metadata.deletionTimestamp", protowire.BytesType) || m.Deleting
		case metaLabels:
			m.Labels = f.mapEntry("metadata.labels", m.Labels)
		case metaAnnotations:
			m.Annotations = f.mapEntry("metadata.annotations", m.Annotations)
		case metaOwners:
			if f.wants("metadata.ownerReferences", protowire.BytesType) {
				m.Owners = append(m.Owners, Owner{})
				f.keep(scanOwnerPB(f.bytes, &m.Owners[len(m.Owners)-1]))
			}
		case metaFinalizers:
			if f.wants("metadata.finalizers", protowire.BytesType) {
				m.Finalizers = append(m.Finalizers, alias(f.bytes))
			}
		}
	}
	return f.result()
}

func scanOwnerPB(in []byte, o *Owner) error {
	f := fields{in: in}
	for f.next() {
		switch f.num {
		case ownerKind:
			f.text("metadata.ownerReferences.kind", &o.Kind)
		case ownerName:
			f.text("metadata.ownerReferences.name", &o.Name)
		case ownerUID:
			f.text("metadata.ownerReferences.uid", &o.UID)
		case ownerAPIVersion:
			f.text("metadata.ownerReferences.apiVersion", &o.APIVersion)
		case ownerController:
			if f.wants("metadata.ownerReferences.controller", protowire.VarintType) {
				o.Controller = f.varint != 0
			}
		}
	}
	return f.result()
}

// envelope is what is needed of a runtime.Unknown.
type envelope struct {
	kind string // aliases the input, as raw does
	raw  []byte
}

// openEnvelope reads the prefix and the runtime.Unknown behind it.
func openEnvelope(in []byte) (envelope, error) {
	var e envelope
	in, ok := bytes.CutPrefix(in, protobufPrefix)
	if !ok {
		return e, errors.New("the object does not begin as Kubernetes protobuf does")
	}
	var encoding string
	f := fields{in: in}
	for f.next() {
		switch f.num {
		case 1:
			if f.wants("typeMeta", protowire.BytesType) {
				f.keep(scanTypeMeta(f.bytes, &e.kind))
			}
		case 2:
			if f.wants("raw", protowire.BytesType) {
				e.raw = f.bytes
			}
		case 3:
			f.text("contentEncoding", &encoding)
		}
	}
	if encoding != "" && f.bad == nil {
		f.bad = errors.New("the object has a content encoding of its own")
	}
	return e, f.result()
}

// scanTypeMeta finds the kind in a runtime.TypeMeta.
func scanTypeMeta(in []byte, kind *string) error {
	f := fields{in: in}
	for f.next() {
		if f.num == 2 {
			f.text("kind", kind)
		}
	}
	return f.result()
}
