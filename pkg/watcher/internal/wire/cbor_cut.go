package wire

// cutManagedCBOR takes metadata.managedFields out of an object, in place. The shorter of what is before and what
// is behind it is moved. The count of the map around it is written in as many bytes as before, though fewer might do:
// decoders accept that.
func cutManagedCBOR(raw []byte) []byte {
	w := cborWalk{in: raw}
	head, from, to, ok := findManagedCBOR(&w)
	if !ok || w.odd || w.bad != nil {
		return raw
	}
	if h, next, err := cborHeadAt(raw, head); err != nil {
		return raw
	} else if !h.indefinite() {
		countDown(raw[head:next])
	}
	gap := to - from
	if from <= len(raw)-to {
		copy(raw[gap:to], raw[:from])
		return raw[gap:]
	}
	copy(raw[from:], raw[to:])
	return raw[:len(raw)-gap]
}

// findManagedCBOR finds the pair of managedFields, and the head of the map that it is in.
func findManagedCBOR(w *cborWalk) (head, from, to int, ok bool) {
	object, ok, err := w.enter("", cborMap)
	for ok && err == nil && w.more(&object) {
		var key []byte
		if key, err = w.key(); err != nil {
			break
		}
		if string(key) != "metadata" {
			err = w.skip()
			continue
		}
		head = w.at
		if head >= len(w.in) || w.in[head]>>5 != cborMap { // a tag, null or something else
			break
		}
		meta, ok, err := w.enter("", cborMap)
		for ok && err == nil && w.more(&meta) {
			at := w.at
			if key, err = w.key(); err != nil {
				break
			}
			if err = w.skip(); err == nil && string(key) == "managedFields" {
				if to > 0 { // twice
					return 0, 0, 0, false
				}
				from, to = at, w.at
			}
		}
		return head, from, to, err == nil && to > 0
	}
	return 0, 0, 0, false
}

// countDown lessens the count in a map's head, which is not zero, by one.
func countDown(head []byte) {
	if len(head) == 1 {
		head[0]-- // the count is in its lower bits
		return
	}
	for i := len(head) - 1; i > 0; i-- {
		head[i]--
		if head[i] != 0xff {
			return // nothing borrowed
		}
	}
}
