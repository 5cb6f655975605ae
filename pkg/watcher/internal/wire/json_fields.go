package wire

import "strconv"

// jsonInteger reads an integer. Whatever else a number may be is odd.
func jsonInteger(b []byte, i int, to *int64) int {
	if b[i] != '-' && (b[i] < '0' || b[i] > '9') {
		return jsonOdd
	}
	end := jsonNumber(b, i)
	if end < 0 {
		return end
	}
	n, err := strconv.ParseInt(alias(b[i:end]), 10, 64)
	if err != nil {
		return jsonOdd
	}
	*to = n
	return end
}

// jsonPairs adds the members of an object of strings.
func jsonPairs(b []byte, i int, to *Pairs) int {
	if b[i] != '{' {
		return jsonOdd
	}
	sorted, last := true, ""
	i++
	for first := true; ; first = false {
		name, at := jsonMember(b, i, first)
		if name == nil {
			if !sorted {
				*to = to.unique()
			}
			return at
		}
		p := Pair{Key: alias(name)}
		if i = jsonText(b, at, &p.Value); i < 0 {
			return i
		}
		sorted = sorted && (first || last < p.Key) // an API server sorts them
		last = p.Key
		*to = append(*to, p)
	}
}

// jsonTexts adds the elements of an array of strings.
func jsonTexts(b []byte, i int, to *[]string) int {
	if b[i] != '[' {
		return jsonOdd
	}
	i++
	for first := true; ; first = false {
		at, done := jsonElement(b, i, first, ']')
		if done || at < 0 {
			return at
		}
		var text string
		if i = jsonText(b, at, &text); i < 0 {
			return i
		}
		*to = append(*to, text)
	}
}

// owners reads an array of owner references.
func (o *jsonObject) owners(b []byte, i int) int {
	if b[i] != '[' {
		return jsonOdd
	}
	i++
	for first := true; ; first = false {
		at, done := jsonElement(b, i, first, ']')
		if done || at < 0 {
			return at
		}
		var owner Owner
		if i = o.owner(b, at, &owner); i < 0 {
			return i
		}
		o.meta.Owners = append(o.meta.Owners, owner)
	}
}

// owner reads one owner reference. What is there twice is odd.
func (o *jsonObject) owner(b []byte, i int, to *Owner) int {
	if b[i] != '{' {
		return jsonOdd
	}
	seen := 0
	i++
	for first := true; ; first = false {
		name, at := jsonMember(b, i, first)
		if name == nil {
			return at
		}
		field := 0
		switch string(name) {
		case "apiVersion":
			field, i = 1, jsonText(b, at, &to.APIVersion)
		case "kind":
			field, i = 2, jsonText(b, at, &to.Kind)
		case "name":
			field, i = 4, jsonText(b, at, &to.Name)
		case "uid":
			field, i = 8, jsonText(b, at, &to.UID)
		case "controller":
			field, i = 16, jsonTruth(b, at, &to.Controller)
		default:
			i = o.passed.value(b, at)
		}
		if i >= 0 && field&seen != 0 {
			i = jsonOdd
		}
		if i < 0 {
			return i
		}
		seen |= field
	}
}

// jsonTruth reads true or false.
func jsonTruth(b []byte, i int, to *bool) int {
	*to = b[i] == 't'
	if !*to && b[i] != 'f' {
		return jsonOdd
	}
	return jsonScalar(b, i)
}
