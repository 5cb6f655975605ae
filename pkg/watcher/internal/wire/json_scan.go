package wire

// ScanJSON finds the metadata in the JSON of an object without decoding it. An error says what is not as the API
// declares it, or that there is no metadata at all; m then has the fields that were understood. What m held before
// is gone, but for the memory of its lists; its strings may alias raw.
//
// Names are case-sensitive; of repeated names the last wins, as in encoding/json. Of the values that are of no
// interest only strings and brackets are looked at: whether they are JSON, decoding shows.
func ScanJSON(raw []byte, m *Meta) error {
	o := jsonObject{meta: m}
	if i := jsonNext(raw, 0); i >= 0 {
		if end := o.walk(raw, i); end >= 0 && jsonSpace(raw, end) == len(raw) {
			return nil
		}
	}
	return slowScanJSON(raw, m)
}

// cutManagedJSON takes out metadata.managedFields with the comma that goes with them. The shorter side is moved.
func cutManagedJSON(raw []byte) []byte {
	var o jsonObject
	i := jsonNext(raw, 0)
	if i < 0 {
		return raw
	}
	if end := o.walk(raw, i); end < 0 || jsonSpace(raw, end) < len(raw) {
		return raw
	}
	if o.cut < len(raw)-o.kept {
		return raw[copy(raw[o.kept-o.cut:], raw[:o.cut])-o.cut+o.kept-o.cut:]
	}
	return raw[:o.cut+copy(raw[o.cut:], raw[o.kept:])]
}
