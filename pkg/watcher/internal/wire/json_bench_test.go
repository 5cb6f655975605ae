package wire

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/ancho-dev/ancho/pkg/kind"
)

// measured are objects as an API server writes them, with managedFields: a Pod of 8 KB and a custom resource of 3 KB.
func measured(tb testing.TB) map[string][]byte {
	tb.Helper()
	out := map[string][]byte{}
	for _, name := range []string{"pod", "webapp"} {
		raw, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			tb.Fatal(err)
		}
		out[name] = raw
	}
	return out
}

// again reads the same bytes for ever.
type again struct {
	in  []byte
	at  int
	max int // bytes at once, if not 0
}

func (a *again) Read(p []byte) (int, error) {
	if a.max > 0 {
		p = p[:min(len(p), a.max)]
	}
	n := copy(p, a.in[a.at:])
	a.at = (a.at + n) % len(a.in)
	return n, nil
}

// BenchmarkJSON compares the lean code with the slow one. An operation is one object.
func BenchmarkJSON(b *testing.B) {
	for name, raw := range measured(b) {
		events := bytes.Repeat(eventJSON(b, "ADDED", raw), 100)
		page := append([]byte(`{"kind":"XList","metadata":{"resourceVersion":"1"},"items":[`), bytes.Repeat(append(raw, ','), 500)...)
		page = append(page[:len(page)-1], `]}`...)
		for way, code := range map[string]struct {
			scan  func([]byte, *Meta) error
			watch func(*meter) WatchReader
			list  func(*meter) ListReader
		}{
			"lean": {ScanJSON, func(m *meter) WatchReader { return newJSONWatch(m) }, func(m *meter) ListReader { return newJSONList(m) }},
			"slow": {slowScanJSON, func(m *meter) WatchReader { return newSlowWatch(m) }, func(m *meter) ListReader { return newSlowList(m) }},
		} {
			run := func(what string, f func(b *testing.B)) {
				b.Run(fmt.Sprintf("%s/%s/%s", what, name, way), func(b *testing.B) {
					b.SetBytes(int64(len(raw)))
					b.ReportAllocs()
					f(b)
				})
			}
			run("scan", func(b *testing.B) {
				var m Meta
				for b.Loop() {
					if err := code.scan(raw, &m); err != nil {
						b.Fatal(err)
					}
				}
			})
			for _, o := range []ReaderOptions{{}, {CutManagedFields: true}} {
				run(fmt.Sprintf("watch,cut=%v", o.CutManagedFields), func(b *testing.B) {
					r := code.watch(newMeter(&again{in: events}, o))
					for b.Loop() {
						f, err := r.Next()
						if err != nil {
							b.Fatal(err)
						}
						f.Release()
					}
				})
			}
			run("list", func(b *testing.B) {
				r := code.list(newMeter(bytes.NewReader(page), ReaderOptions{}))
				for b.Loop() {
					f, err := r.Next()
					if err == io.EOF { //nolint:errorlint // as it is, for speed
						r = code.list(newMeter(bytes.NewReader(page), ReaderOptions{}))
						continue
					}
					if err != nil {
						b.Fatal(err)
					}
					f.Release()
				}
			})
		}
		b.Run("cut/"+name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			work := bytes.Clone(raw)
			for b.Loop() {
				copy(work, raw)
				CutManagedFields(work, kind.JSON)
			}
		})
	}
}
