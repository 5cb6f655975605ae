package wire

import (
	"errors"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor"
)

// errCBORObject is what the API machinery's decoder refuses. Its own words may quote the object.
var errCBORObject = errors.New("the CBOR decoder does not accept the object: metadata is not as the API declares it, or a key comes twice")

// scanCBORByDecoder finds metadata by decoding it.
func scanCBORByDecoder(raw []byte, m *Meta) error {
	name := m.Clone() // what was understood, for the error
	var o metav1.PartialObjectMetadata
	if err := decodeCBOR(raw, &o); err != nil {
		*m = name
		return errCBORObject
	}
	m.reset()
	m.Namespace, m.Name, m.UID, m.ResourceVersion = o.Namespace, o.Name, string(o.UID), o.ResourceVersion
	m.Generation, m.Deleting = o.Generation, o.DeletionTimestamp != nil
	for k, v := range o.Labels {
		m.Labels = append(m.Labels, Pair{k, v})
	}
	for k, v := range o.Annotations {
		m.Annotations = append(m.Annotations, Pair{k, v})
	}
	m.Finalizers = append(m.Finalizers, o.Finalizers...)
	for i := range o.OwnerReferences {
		r := &o.OwnerReferences[i]
		m.Owners = append(m.Owners, Owner{
			APIVersion: r.APIVersion, Kind: r.Kind, Name: r.Name, UID: string(r.UID),
			Controller: r.Controller != nil && *r.Controller,
		})
	}
	return nil
}

// decodeCBOR fills an object as the API machinery's clients do: keys without a field are passed over, which a
// decoder for any value refuses. The object's apiVersion and kind may be any, or none.
func decodeCBOR(raw []byte, into runtime.Object) error {
	t := anyKind{into}
	_, _, err := cbor.NewSerializer(t, t).Decode(raw, &anyGVK, into)
	return err
}

var anyGVK = schema.GroupVersionKind{Group: "any", Version: "v1", Kind: "Any"}

// anyKind takes one object for whatever the bytes say that they are of.
type anyKind struct{ object runtime.Object }

// New implements runtime.ObjectCreater.
func (t anyKind) New(schema.GroupVersionKind) (runtime.Object, error) { return t.object, nil }

// ObjectKinds implements runtime.ObjectTyper.
func (t anyKind) ObjectKinds(runtime.Object) ([]schema.GroupVersionKind, bool, error) {
	return []schema.GroupVersionKind{anyGVK}, false, nil
}

// Recognizes implements runtime.ObjectTyper.
func (t anyKind) Recognizes(schema.GroupVersionKind) bool { return true }
