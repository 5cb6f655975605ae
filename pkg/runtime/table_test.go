package runtime

import "testing"

// A table that has emptied has another, smaller map, with all that is left.
func TestTableShrinks(t *testing.T) {
	var x table[int, int]
	for i := range 1000 {
		x.set(i, i)
	}
	for i := range 1000 - 10 {
		x.delete(i)
	}
	if x.peak > 1000/8 {
		t.Errorf("it still has the map of %d", x.peak)
	}
	for i := 990; i < 1000; i++ {
		if v, ok := x.m[i]; !ok || v != i {
			t.Errorf("%d is %d, %v", i, v, ok)
		}
	}
	if len(x.m) != 10 {
		t.Errorf("%d are left", len(x.m))
	}
}
