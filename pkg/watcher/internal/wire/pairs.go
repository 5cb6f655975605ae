package wire

// Pair is one label or annotation.
type Pair struct{ Key, Value string }

// Pairs are labels or annotations, in the order of the wire, or nearly so. No key is in it twice.
type Pairs []Pair

// Get returns the value of a key, and whether it is there.
func (p Pairs) Get(key string) (value string, ok bool) {
	for i := range p {
		if p[i].Key == key {
			return p[i].Value, true
		}
	}
	return "", false
}

// fewPairs is up to how many pairs it is cheaper to compare each with each.
const fewPairs = 32

// unique drops all but the last pair of each key, in place. The scans call it once, when a list is complete.
func (p Pairs) unique() Pairs {
	if len(p) > fewPairs {
		return p.uniqueByMap()
	}
	for i := 1; i < len(p); i++ {
		for j := range p[:i] {
			if p[i].Key == p[j].Key {
				return p.uniqueByMap()
			}
		}
	}
	return p
}

func (p Pairs) uniqueByMap() Pairs {
	at := make(map[string]int, len(p))
	out := p[:0]
	for _, pair := range p {
		if i, again := at[pair.Key]; again {
			out[i].Value = pair.Value
			continue
		}
		at[pair.Key] = len(out)
		out = append(out, pair)
	}
	return out
}
