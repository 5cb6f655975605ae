package index

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// largeThing is a custom resource of about 3 kB, as the benchmark of whole processes has them.
func largeThing() []byte {
	var conditions, fields []string
	for i := range 8 {
		conditions = append(conditions, fmt.Sprintf(`{"type":"Condition%d","status":"True","reason":"AsExpected","message":"the object is as the declaration has it","lastTransitionTime":"2026-01-02T03:04:05Z","observedGeneration":%d}`, i, i))
		fields = append(fields, fmt.Sprintf(`"field%d":{"host":"host-%d.example.com","port":%d,"enabled":true,"labels":{"app":"shop","tier":"web"}}`, i, i, 8000+i))
	}
	return []byte(`{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"namespace":"ns","name":"a","uid":"u","resourceVersion":"5"},"spec":{` +
		strings.Join(fields, ",") + `},"status":{"conditions":[` + strings.Join(conditions, ",") + "]}}")
}

func BenchmarkContentHash(b *testing.B) {
	f := &wire.Frame{Raw: largeThing(), Encoding: kind.JSON}
	x := NewIndex(0)
	b.SetBytes(int64(len(f.Raw)))
	b.ReportAllocs()
	for b.Loop() {
		if x.hashContent(f) == 0 {
			b.Fatal("not hashed")
		}
	}
}
