package wire

// cborSplitter finds the end of a data item whose bytes come in pieces, looking at each of them once. It follows
// the structure alone; the frame that it finds may still hold what no object can.
type cborSplitter struct {
	max  int64      // the largest item, in bytes
	size int64      // bytes of the item that were passed over
	text uint64     // bytes of a string that are still to come
	open []cborOpen // what has begun and not ended, the innermost last
	tags int        // that were read before the item which comes next
	// ends are where the first keys and values of the item end, if it is a map: those of an event.
	ends  [4]int
	count int // how many there were, also beyond those
}

// cborOpen is an array, a map, or a string without a length.
type cborOpen struct {
	major byte
	odd   bool   // of a map: a key was read, and its value comes next
	until bool   // a break ends it
	left  uint64 // else the items that are still to come
	depth int
}

// reset prepares for the next item.
func (s *cborSplitter) reset() {
	s.size, s.text, s.tags, s.count = 0, 0, 0, 0
	if cap(s.open) > keptDepth {
		s.open = nil
	}
	s.open = s.open[:0]
}

// keptDepth is how many levels are kept room for. Real objects have some tens.
const keptDepth = 128

// advance passes over as many bytes of the item as it can and says how many. It leaves those of a head that is not
// complete. done says that the item has ended.
func (s *cborSplitter) advance(in []byte) (n int, done bool, err error) {
	from := s.size
	defer func() { s.size = from + int64(n) }()
	for {
		if s.text > 0 {
			step := min(s.text, uint64(len(in)-n)) //nolint:gosec // n never exceeds the length
			n += int(step)                         //nolint:gosec // not above the length
			if s.text -= step; s.text > 0 {
				return n, false, nil
			}
			if s.closed(from + int64(n)) {
				return n, true, nil
			}
		}
		n += s.leap(in[n:])
		h, size, err := readCBORHead(in[n:])
		if size == 0 || err != nil {
			return n, false, err
		}
		n += size
		ended, err := s.take(h)
		if err != nil {
			return n, false, err
		}
		at := from + int64(n)
		if at > s.max || s.text > uint64(s.max-at) { //nolint:gosec // not negative
			return n, false, &FrameTooLargeError{Limit: s.max}
		}
		if ended && s.closed(at) {
			return n, true, nil
		}
	}
}

// leap passes over short items that are not the last of what they are in, and returns their length.
func (s *cborSplitter) leap(in []byte) (n int) {
	if len(s.open) < 2 || s.tags > 0 {
		return 0
	}
	top := &s.open[len(s.open)-1]
	if top.until {
		return 0
	}
	for top.left > 1 && n < len(in) {
		step := int(cborLeaps[in[n]])
		if step == 0 || step > len(in)-n {
			break
		}
		n += step
		top.left--
	}
	return n
}

// take goes on by a head. ended says that an item ended with it.
func (s *cborSplitter) take(h cborHead) (ended bool, err error) {
	if len(s.open) > 0 {
		if top := &s.open[len(s.open)-1]; top.until {
			if h.major == cborSimple && h.indefinite() {
				return s.takeBreak(top)
			}
			if top.major <= cborText && (h.major != top.major || h.indefinite()) {
				return false, errCBORChunk
			}
		}
	}
	switch {
	case h.major == cborTag:
		if s.depth()+s.tags > maxCBORDepth {
			return false, errCBORDepth
		}
		s.tags++
		return false, nil
	case h.major == cborArray, h.major == cborMap, h.major >= cborBytes && h.major <= cborText && h.indefinite():
		return s.begin(h)
	case h.major == cborBytes, h.major == cborText:
		s.text = h.value
		s.tags = 0
		return h.value == 0, nil
	case h.major == cborSimple && h.indefinite():
		return false, errCBORBreak
	}
	s.tags = 0
	return true, nil
}

func (s *cborSplitter) depth() int {
	if len(s.open) == 0 {
		return 0
	}
	return s.open[len(s.open)-1].depth
}

// begin opens what the head is of. ended says that it is empty.
func (s *cborSplitter) begin(h cborHead) (ended bool, err error) {
	o := cborOpen{major: h.major, until: h.indefinite(), left: h.value, depth: s.depth() + max(s.tags-1, 0)}
	s.tags = 0
	if h.major >= cborArray {
		o.depth++
		if o.depth > maxCBORDepth {
			return false, errCBORDepth
		}
	}
	if o.until {
		o.left = 0
	} else {
		if o.left > uint64(s.max) { //nolint:gosec // positive; each element has a byte at least
			return false, &FrameTooLargeError{Limit: s.max}
		}
		if h.major == cborMap {
			o.left *= 2
		}
		if o.left == 0 {
			return true, nil
		}
	}
	s.open = append(s.open, o)
	return false, nil
}

// takeBreak ends what the innermost is, which has no length. A tag, or a key, must be followed by an item.
func (s *cborSplitter) takeBreak(top *cborOpen) (ended bool, err error) {
	if top.odd || s.tags > 0 {
		return false, errCBORBreak
	}
	s.open = s.open[:len(s.open)-1]
	return true, nil
}

// closed notes that an item has ended, and with it those around it of which it was the last. It reports whether that
// was the whole.
func (s *cborSplitter) closed(at int64) bool {
	for len(s.open) > 0 {
		top := &s.open[len(s.open)-1]
		if len(s.open) == 1 {
			if s.count < len(s.ends) {
				s.ends[s.count] = int(at)
			}
			s.count++
		}
		if top.until {
			top.odd = top.major == cborMap && !top.odd
			return false
		}
		if top.left--; top.left > 0 {
			return false
		}
		s.open = s.open[:len(s.open)-1]
	}
	return true
}
