package wire

import (
	"errors"
	"io"
)

var errNoMetadata = errors.New("the object has no metadata")

// slowScanJSON is ScanJSON for whatever JSON there is, checked from end to end. Names are case-sensitive; of
// repeated names the last wins, as in encoding/json. An error says what is not as the API declares it, or that
// there is no metadata at all; m then has the fields that were understood. What m held before is gone, but for the
// memory of its lists; its strings may alias raw.
func slowScanJSON(raw []byte, m *Meta) error {
	m.reset()
	found := false
	d := jsonTokensOf(raw)
	_, err := d.object("the object", func(name string) error {
		if name != "metadata" {
			return d.SkipValue()
		}
		ok, err := scanObjectMeta(d, m)
		found = found || ok
		return err
	})
	if err == nil {
		if _, err = d.ReadToken(); err == nil {
			err = errors.New("the object is followed by something else")
		} else if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	m.Labels, m.Annotations = m.Labels.unique(), m.Annotations.unique()
	switch {
	case err != nil:
		return err
	case d.bad != nil:
		return d.bad
	case !found:
		return errNoMetadata
	}
	return nil
}

// scanObjectMeta reads metadata into m and tells whether it was an object.
func scanObjectMeta(d *jsonTokens, m *Meta) (bool, error) {
	return d.object("metadata", func(name string) (err error) {
		switch name {
		case "namespace":
			return d.text("metadata.namespace", &m.Namespace)
		case "name":
			return d.text("metadata.name", &m.Name)
		case "uid":
			return d.text("metadata.uid", &m.UID)
		case "resourceVersion":
			return d.text("metadata.resourceVersion", &m.ResourceVersion)
		case "generation":
			return d.integer("metadata.generation", &m.Generation)
		case "deletionTimestamp":
			return scanDeletion(d, m)
		case "labels":
			m.Labels, err = d.textMap("metadata.labels", m.Labels)
			return err
		case "annotations":
			m.Annotations, err = d.textMap("metadata.annotations", m.Annotations)
			return err
		case "finalizers":
			return list(d, "metadata.finalizers", &m.Finalizers, d.text)
		case "ownerReferences":
			return list(d, "metadata.ownerReferences", &m.Owners, d.owner)
		}
		return d.SkipValue()
	})
}

// scanDeletion notes whether there is a deletionTimestamp; when it is does not matter here, since it must not be
// compared with the local clock.
func scanDeletion(d *jsonTokens, m *Meta) error {
	switch d.PeekKind() {
	case '"':
		m.Deleting = true
		return d.SkipValue()
	case 'n':
		m.Deleting = false
	}
	return d.mismatch("metadata.deletionTimestamp", "a string")
}

// owner reads one entry of metadata.ownerReferences.
func (d *jsonTokens) owner(path string, to *Owner) error {
	_, err := d.object(path, func(name string) error {
		switch name {
		case "apiVersion":
			return d.text(path+".apiVersion", &to.APIVersion)
		case "kind":
			return d.text(path+".kind", &to.Kind)
		case "name":
			return d.text(path+".name", &to.Name)
		case "uid":
			return d.text(path+".uid", &to.UID)
		case "controller":
			return d.truth(path+".controller", &to.Controller)
		}
		return d.SkipValue()
	})
	return err
}

// scanListMeta reads the metadata of a list.
func scanListMeta(d *jsonTokens, m *ListMeta) error {
	_, err := d.object("metadata", func(name string) error {
		switch name {
		case "resourceVersion":
			return d.text("metadata.resourceVersion", &m.ResourceVersion)
		case "continue":
			return d.text("metadata.continue", &m.Continue)
		case "remainingItemCount":
			return d.integer("metadata.remainingItemCount", &m.Remaining)
		}
		return d.SkipValue()
	})
	return err
}
