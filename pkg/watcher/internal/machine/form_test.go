package machine

import (
	"strings"
	"testing"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// An answer is read as what it is where its Content-Type says nothing, or the wrong thing.
func TestRule61TheFirstByteDecides(t *testing.T) {
	protobufPod := "k8s\x00" + lengthed(0x0a, lengthed(0x12, "Pod")) +
		lengthed(0x12, lengthed(0x0a, lengthed(0x0a, "a")+lengthed(0x1a, "ns")+lengthed(0x2a, "uid-a")+lengthed(0x32, "8")))
	for name, c := range map[string]struct{ contentType, event string }{
		"JSON without a type":           {"", `{"type":"MODIFIED","object":` + pod("a", "8") + `}`},
		"JSON with a broken parameter":  {"application/json; charset", `{"type":"MODIFIED","object":` + pod("a", "8") + `}`},
		"JSON with two semicolons":      {"application/json;;", ` {"type":"MODIFIED","object":` + pod("a", "8") + `}`},
		"JSON called protobuf":          {typeProtobuf + ";stream=watch", `{"type":"MODIFIED","object":` + pod("a", "8") + `}`},
		"JSON called CBOR":              {"application/cbor-seq", "\n" + `{"type":"MODIFIED","object":` + pod("a", "8") + `}`},
		"JSON called text":              {"text/plain; charset=utf-8", `{"type":"MODIFIED","object":` + pod("a", "8") + `}`},
		"protobuf without a type":       {"", protobufEvent("MODIFIED", protobufPod)},
		"protobuf without stream=watch": {typeProtobuf, protobufEvent("MODIFIED", protobufPod)},
		"protobuf called JSON":          {"application/json", protobufEvent("MODIFIED", protobufPod)},
		"protobuf called bytes":         {"application/octet-stream", protobufEvent("MODIFIED", protobufPod)},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(r *rig) {
				r.synced("7", pod("a", "5")).end()
				b := r.watch("7").respond(200, c.contentType)
				r.is(report.Streaming, "")
				for i := range c.event { // in as many pieces as can be
					b.write(c.event[i : i+1])
				}
				r.expect("upsert a@uid-a:8")
				r.is(report.Streaming, "")
				if n := len(c.event); r.obs.byteSum.Load() < int64(n) {
					t.Errorf("%d bytes were counted", r.obs.byteSum.Load())
				}
			})
		})
	}
}

func TestRule61Lists(t *testing.T) {
	page := `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[` + pod("a", "5") + `]}`
	for _, contentType := range []string{"", "application/json;;", "application/json; q", typeProtobuf, "application/cbor", "text/plain"} {
		run(t, func(r *rig) {
			r.snapshot().refuse(422, "Invalid")
			b := r.list("500", "").respond(200, contentType)
			b.write(page)
			b.end()
			r.watch("7").ok()
			r.expect("upsert a@uid-a:5 new initial", "synced 7 false")
		})
	}
}

// A list that is nothing, or a page of something else, is a bad answer, and its message says what it is.
func TestRule61ListsOfOtherThings(t *testing.T) {
	for want, c := range map[string]struct{ contentType, body string }{
		"is empty":              {"application/json", ""},
		"as HTML or XML does":   {typeProtobuf, "<html>"},
		"nor CBOR":              {typeProtobuf, "OK"},
		`of kind "Status"`:      {"application/json", `{"kind":"Status","code":410}`},
		"invalid character '<'": {"application/json", "<html>"},
	} {
		run(t, func(r *rig) {
			r.snapshot().refuse(422, "Invalid")
			b := r.list("500", "").respond(200, c.contentType)
			b.write(c.body)
			b.end()
			if s := r.is(report.Blocked, report.ReasonBadAnswer); !strings.Contains(s.Message, want) {
				t.Errorf("message %q, want %q", s.Message, want)
			}
		})
	}
}
