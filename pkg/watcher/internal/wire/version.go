package wire

import "strings"

// CompareRV compares two resourceVersions of one resource as decimal integers of any length (KEP-5504):
// -1, 0 or +1. It is not ok when either is not a decimal number; such versions compare by equality alone.
func CompareRV(a, b string) (int, bool) {
	if !isDecimal(a) || !isDecimal(b) {
		return 0, false
	}
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		if len(a) < len(b) {
			return -1, true
		}
		return 1, true
	}
	return strings.Compare(a, b), true
}

func isDecimal(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
