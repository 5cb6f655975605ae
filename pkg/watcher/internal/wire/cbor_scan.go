package wire

// ScanCBOR finds the metadata in the CBOR of an object without decoding it, as [ScanJSON] does for JSON. Keys and
// strings may be byte strings, as API servers write them, or text strings (KEP-4222). A key that comes twice is an
// error, as in the API machinery's decoder; where an object is written in a way that API servers do not use, that
// decoder is asked.
func ScanCBOR(raw []byte, m *Meta) error {
	m.reset()
	w := cborWalk{in: raw}
	found, err := scanCBORObject(&w, m)
	if err == nil && w.at != len(raw) {
		err = errCBORTrailer
	}
	switch {
	case err != nil:
		return err
	case w.odd:
		return scanCBORByDecoder(raw, m)
	case w.bad != nil:
		return w.bad
	case !found:
		return errNoMetadata
	}
	return nil
}

func scanCBORObject(w *cborWalk, m *Meta) (found bool, err error) {
	e, ok, err := w.enter("the object", cborMap)
	if !ok {
		return false, err
	}
	seen := false
	for w.more(&e) {
		key, err := w.key()
		if err != nil {
			return found, err
		}
		if string(key) != "metadata" {
			if err := w.skip(); err != nil {
				return found, err
			}
			continue
		}
		if seen {
			w.keep(errCBORTwice)
		}
		seen = true
		ok, err := scanCBORMeta(w, m)
		found = found || ok
		if err != nil {
			return found, err
		}
	}
	return found, nil
}

// scanCBORMeta reads metadata into m and tells whether it was a map.
func scanCBORMeta(w *cborWalk, m *Meta) (ok bool, err error) {
	e, ok, err := w.enter("metadata", cborMap)
	if !ok {
		return false, err
	}
	var seen uint
	for w.more(&e) {
		key, err := w.key()
		if err != nil {
			return true, err
		}
		field, err := scanCBORField(w, m, string(key))
		if err != nil {
			return true, err
		}
		if seen&field != 0 {
			w.keep(errCBORTwice)
		}
		seen |= field
	}
	return true, nil
}

// scanCBORField reads one field of metadata. It returns a bit of its own for each that is looked at.
func scanCBORField(w *cborWalk, m *Meta, name string) (field uint, err error) {
	switch name {
	case "namespace":
		return 1 << 0, w.text("metadata.namespace", &m.Namespace)
	case "name":
		return 1 << 1, w.text("metadata.name", &m.Name)
	case "uid":
		return 1 << 2, w.text("metadata.uid", &m.UID)
	case "resourceVersion":
		return 1 << 3, w.text("metadata.resourceVersion", &m.ResourceVersion)
	case "generation":
		return 1 << 4, w.integer("metadata.generation", &m.Generation)
	case "deletionTimestamp":
		return 1 << 5, scanCBORDeletion(w, m)
	case "labels":
		return 1 << 6, w.textMap("metadata.labels", &m.Labels)
	case "annotations":
		return 1 << 7, w.textMap("metadata.annotations", &m.Annotations)
	case "finalizers":
		return 1 << 8, scanCBORFinalizers(w, m)
	case "ownerReferences":
		return 1 << 9, scanCBOROwners(w, m)
	}
	return 0, w.skip()
}

// scanCBORDeletion notes whether there is a deletionTimestamp.
func scanCBORDeletion(w *cborWalk, m *Meta) error {
	h, err := w.head()
	if err != nil {
		return err
	}
	if h.major != cborBytes && h.major != cborText {
		return w.mismatch(h, "metadata.deletionTimestamp", "a string")
	}
	m.Deleting = true
	return w.pass(h)
}

func scanCBORFinalizers(w *cborWalk, m *Meta) error {
	e, ok, err := w.enter("metadata.finalizers", cborArray)
	if !ok {
		return err
	}
	for w.more(&e) {
		m.Finalizers = append(m.Finalizers, "")
		if err := w.text("one of metadata.finalizers", &m.Finalizers[len(m.Finalizers)-1]); err != nil {
			return err
		}
	}
	return nil
}

func scanCBOROwners(w *cborWalk, m *Meta) error {
	e, ok, err := w.enter("metadata.ownerReferences", cborArray)
	if !ok {
		return err
	}
	for w.more(&e) {
		m.Owners = append(m.Owners, Owner{})
		if err := scanCBOROwner(w, &m.Owners[len(m.Owners)-1]); err != nil {
			return err
		}
	}
	return nil
}

// scanCBOROwner reads one entry of metadata.ownerReferences.
func scanCBOROwner(w *cborWalk, to *Owner) error {
	const path = "one of metadata.ownerReferences"
	e, ok, err := w.enter(path, cborMap)
	if !ok {
		return err
	}
	var seen uint
	for w.more(&e) {
		key, err := w.key()
		if err != nil {
			return err
		}
		field := uint(0)
		switch string(key) {
		case "apiVersion":
			field, err = 1<<0, w.text(path+": apiVersion", &to.APIVersion)
		case "kind":
			field, err = 1<<1, w.text(path+": kind", &to.Kind)
		case "name":
			field, err = 1<<2, w.text(path+": name", &to.Name)
		case "uid":
			field, err = 1<<3, w.text(path+": uid", &to.UID)
		case "controller":
			field, err = 1<<4, w.truth(path+": controller", &to.Controller)
		default:
			err = w.skip()
		}
		if err != nil {
			return err
		}
		if seen&field != 0 {
			w.keep(errCBORTwice)
		}
		seen |= field
	}
	return nil
}

// scanCBORListMeta reads the metadata of a list.
func scanCBORListMeta(w *cborWalk, m *ListMeta) error {
	e, ok, err := w.enter("metadata", cborMap)
	if !ok {
		return err
	}
	for w.more(&e) {
		key, err := w.key()
		if err != nil {
			return err
		}
		switch string(key) {
		case "resourceVersion":
			err = w.text("metadata.resourceVersion", &m.ResourceVersion)
		case "continue":
			err = w.text("metadata.continue", &m.Continue)
		case "remainingItemCount":
			err = w.integer("metadata.remainingItemCount", &m.Remaining)
		default:
			err = w.skip()
		}
		if err != nil {
			return err
		}
	}
	return nil
}
