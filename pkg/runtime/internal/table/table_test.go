package table

import "testing"

// A table that has emptied has another, smaller map, with all that is left.
func TestTableShrinks(t *testing.T) {
	var x Map[int, int]
	for i := range 1000 {
		x.Set(i, i)
	}
	for i := range 1000 - 10 {
		x.Delete(i)
	}
	if x.Peak > 1000/8 {
		t.Errorf("it still has the map of %d", x.Peak)
	}
	for i := 990; i < 1000; i++ {
		if v, ok := x.M[i]; !ok || v != i {
			t.Errorf("%d is %d, %v", i, v, ok)
		}
	}
	if len(x.M) != 10 {
		t.Errorf("%d are left", len(x.M))
	}
}
