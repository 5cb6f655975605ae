package fill

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/ancho-dev/ancho/hack/bench/internal/contender"
)

// A server sends objects in the order of their keys: that has to be the order of their numbers.
func TestOrderOfKeys(t *testing.T) {
	for _, n := range []int{100, 200, 2000, 20_000} {
		last := ""
		for i := range n {
			m := meta("web", i, n)
			key := m.Namespace + "/" + m.Name
			if key <= last {
				t.Fatalf("of %d objects, %s comes after %s", n, key, last)
			}
			last = key
		}
	}
}

func TestNamespacesAreEquallyFull(t *testing.T) {
	count := map[string]int{}
	for i := range 2000 {
		count[namespaceOf(i, 2000)]++
	}
	if len(count) != Namespaces || count[Namespace(0)] != 20 || count[Namespace(Namespaces-1)] != 20 {
		t.Errorf("got %v", count)
	}
}

// One in a hundred is kept, the last among them; every shard has as many as the others.
func TestFilters(t *testing.T) {
	const n = 2000
	kept, shards := 0, map[string]int{}
	for i := range n {
		a := Pod(i, n).Annotations
		if a[contender.KeepAnnotation] == "yes" {
			kept++
		} else if i == n-1 {
			t.Error("the last is not kept")
		}
		shards[a[contender.ShardAnnotation]]++
	}
	if kept != n/100 {
		t.Errorf("%d are kept, want %d", kept, n/100)
	}
	for i := range contender.Shards {
		if got := shards[strconv.Itoa(i)]; got != n/contender.Shards {
			t.Errorf("shard %d has %d objects, want %d", i, got, n/contender.Shards)
		}
	}
}

// What the server adds, the managedFields above all, makes the rest of the 6.2 and 3 kB.
func TestSizes(t *testing.T) {
	p := Pod(0, 100)
	p.Status = status(p)
	raw, err := p.Marshal()
	if err != nil || len(raw) < 2500 || len(raw) > 5000 {
		t.Errorf("a Pod has %d bytes, %v", len(raw), err)
	}
	w, err := json.Marshal(Widget(0, 100))
	if err != nil || len(w) < 1500 || len(w) > 3000 {
		t.Errorf("a custom resource has %d bytes, %v", len(w), err)
	}
	if len(p.Status.ContainerStatuses) != len(p.Spec.Containers) {
		t.Error("a container has no status")
	}
}

func TestDefinition(t *testing.T) {
	d := definition()
	if d.Name != d.Spec.Names.Plural+"."+d.Spec.Group {
		t.Errorf("a server refuses the name %s", d.Name)
	}
	if len(d.Spec.Versions) != 1 || !d.Spec.Versions[0].Served || !d.Spec.Versions[0].Storage {
		t.Errorf("got versions %+v", d.Spec.Versions)
	}
}
