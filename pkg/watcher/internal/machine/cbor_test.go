package machine

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
	"sigs.k8s.io/json"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// cborOf is the CBOR of a JSON document, behind the tag that marks CBOR.
func cborOf(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.UnmarshalCaseSensitivePreserveInts([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	out, err := direct.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return "\xd9\xd9\xf7" + string(out)
}

const cborThenJSON = "application/cbor,application/json"

// A stream's life in CBOR: snapshot, changes, an end, an error inside a watch, a list.
func TestStreamOfCBOR(t *testing.T) {
	runOn(t, []apiclient.ServerOption{apiclient.WithCBOR()}, func(r *rig) {
		event := func(b *body, typ, object string) {
			b.write(cborOf(r.t, `{"type":"`+typ+`","object":`+object+`}`))
		}
		c := r.snapshot()
		if got := c.h.Get("Accept"); got != cborThenJSON {
			t.Errorf("accepts %q", got)
		}
		b := c.respond(200, "application/cbor-seq")
		event(b, "ADDED", pod("a", "1"))
		event(b, "ADDED", pod("b", "2"))
		event(b, "BOOKMARK", `{"metadata":{"resourceVersion":"3","annotations":{"k8s.io/initial-events-end":"true"}}}`)
		r.expect("upsert a@uid-a:1 new initial", "upsert b@uid-b:2 new initial", "synced 3 false")
		event(b, "MODIFIED", pod("a", "4"))
		event(b, "DELETED", pod("b", "5"))
		r.expect("upsert a@uid-a:4", "gone b@uid-b:2")
		b.end()

		b = r.watch("5").respond(200, "application/cbor-seq")
		event(b, "ERROR", status(410, "Expired"))
		b = r.snapshot().respond(400, "application/cbor")
		b.write(cborOf(t, status(400, "BadRequest"))) // no streaming lists
		b.end()
		b = r.list("500", "").respond(200, "application/cbor")
		b.write(cborOf(t, `{"kind":"PodList","apiVersion":"v1","items":[`+pod("c", "6")+`],"metadata":{"resourceVersion":"7"}}`))
		b.end()
		r.expect("upsert c@uid-c:6 new relist", "gone a@uid-a:4 relist partial", "synced 7 true")
		// A server without CBOR answers in JSON, and another one behind the same address in CBOR.
		r.watch("7").ok().end()
		b = r.watch("7").respond(200, "application/cbor-seq")
		event(b, "ADDED", pod("d", "8"))
		r.expect("upsert d@uid-d:8 new")
	})
}

// A server that refuses what was asked for, or sends what cannot be read, is asked for JSON, and it is remembered.
func TestRule43NextMediaTypeAfterCBOR(t *testing.T) {
	for name, refuse := range map[string]func(*rig, *call){
		"not acceptable": func(_ *rig, c *call) { c.refuse(406, "NotAcceptable") },
		"unsupported":    func(_ *rig, c *call) { c.refuse(415, "UnsupportedMediaType") },
		"rubbish": func(r *rig, c *call) {
			for range mediaTries {
				b := c.respond(200, "application/cbor-seq")
				b.write("\x1c rubbish")
				b.end()
				c = r.snapshot()
				if got := c.h.Get("Accept"); got != cborThenJSON {
					t.Errorf("one unreadable answer is no refusal, but then %q", got)
				}
			}
			b := c.respond(200, "application/cbor-seq")
			b.write("\x1c rubbish")
			b.end()
		},
	} {
		t.Run(name, func(t *testing.T) {
			runOn(t, []apiclient.ServerOption{apiclient.WithCBOR()}, func(r *rig) {
				refuse(r, r.snapshot())
				for range 2 {
					c := r.snapshot()
					if got := c.h.Get("Accept"); got != "application/json" {
						t.Errorf("then accepts %q", got)
					}
					b := c.ok()
					b.initialEnd("7")
					r.is(report.Streaming, "")
					b.end()
					b = r.watch("7").ok()
					b.event("ERROR", status(410, "Expired"))
				}
			})
		})
	}
}
