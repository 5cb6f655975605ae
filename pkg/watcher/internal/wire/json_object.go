package wire

// jsonObject walks over an object that is written as an API server writes it, and finds its metadata on the way.
// It can walk again over the same bytes when there are more of them.
type jsonObject struct {
	meta      *Meta // its strings alias the bytes walked over, but for those with escapes; nil: passed over
	cut, kept int   // where managedFields begin, with the comma that goes with them, and where they end
	passed    jsonPassed
}

// walk returns where the object ends that begins at i.
func (o *jsonObject) walk(b []byte, i int) int {
	if o.meta != nil {
		o.meta.reset()
	}
	o.cut, o.kept = 0, 0
	if b[i] != '{' {
		return jsonOdd
	}
	found := false
	i++
	for first := true; ; first = false {
		name, at := jsonMember(b, i, first)
		switch {
		case at < 0:
			return at
		case name == nil:
			if !found {
				return jsonOdd
			}
			return at
		case string(name) != "metadata":
			i = o.passed.value(b, at)
		case found:
			return jsonOdd
		default:
			found = true
			i = o.metadata(b, at)
		}
		if i < 0 {
			return i
		}
	}
}

// metadata reads the fields that are of interest. What is there twice is odd.
func (o *jsonObject) metadata(b []byte, i int) int {
	if b[i] != '{' {
		return jsonOdd
	}
	var seen jsonField
	i++
	for first := true; ; first = false {
		name, at := jsonMember(b, i, first)
		if name == nil {
			return at
		}
		field := jsonFieldOf(name)
		if field&seen != 0 {
			return jsonOdd
		}
		seen |= field
		end := o.field(b, at, field)
		if end < 0 {
			return end
		}
		if field == jsonManaged {
			if b[at] != '[' {
				return jsonOdd
			}
			o.cut, o.kept = i, end
			if first { // then it is the comma behind it that goes
				if o.kept = jsonNext(b, end); o.kept < 0 {
					return o.kept
				}
				if b[o.kept] == ',' {
					o.kept++
				}
			}
		}
		i = end
	}
}

// jsonField is a field of metadata.
type jsonField uint16

const (
	jsonNamespace jsonField = 1 << iota
	jsonName
	jsonUID
	jsonVersion
	jsonGeneration
	jsonDeletion
	jsonLabels
	jsonAnnotations
	jsonFinalizers
	jsonOwners
	jsonManaged
)

func jsonFieldOf(name []byte) jsonField {
	switch string(name) {
	case "namespace":
		return jsonNamespace
	case "name":
		return jsonName
	case "uid":
		return jsonUID
	case "resourceVersion":
		return jsonVersion
	case "generation":
		return jsonGeneration
	case "deletionTimestamp":
		return jsonDeletion
	case "labels":
		return jsonLabels
	case "annotations":
		return jsonAnnotations
	case "finalizers":
		return jsonFinalizers
	case "ownerReferences":
		return jsonOwners
	case "managedFields":
		return jsonManaged
	}
	return 0
}

// field reads the value of one field.
func (o *jsonObject) field(b []byte, i int, field jsonField) int {
	m := o.meta
	if m == nil {
		return o.passed.value(b, i)
	}
	switch field {
	case jsonNamespace:
		return jsonText(b, i, &m.Namespace)
	case jsonName:
		return jsonText(b, i, &m.Name)
	case jsonUID:
		return jsonText(b, i, &m.UID)
	case jsonVersion:
		return jsonText(b, i, &m.ResourceVersion)
	case jsonGeneration:
		return jsonInteger(b, i, &m.Generation)
	case jsonDeletion:
		m.Deleting = b[i] == '"'
		if !m.Deleting && b[i] != 'n' {
			return jsonOdd
		}
		return jsonScalar(b, i)
	case jsonLabels:
		return jsonPairs(b, i, &m.Labels)
	case jsonAnnotations:
		return jsonPairs(b, i, &m.Annotations)
	case jsonFinalizers:
		return jsonTexts(b, i, &m.Finalizers)
	case jsonOwners:
		return o.owners(b, i)
	}
	return o.passed.value(b, i)
}
