package machine

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// oddErrors are ERROR events that are no Status as the API declares it, but for those that say what they are.
var oddErrors = map[string]string{
	"nothing":           `null`,
	"a message":         `{"message":"too old resource version: 7 (9000)"}`,
	"400":               `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old resource version","reason":"BadRequest","code":400}`,
	"418":               `{"kind":"Status","apiVersion":"v1","status":"Failure","code":418}`,
	"422 without kind":  `{"message":"?","code":422}`,
	"another object":    `{"kind":"Secret","apiVersion":"v1","metadata":{"name":"SECRET"},"code":401,"message":"SECRET"}`,
	"an array":          `["SECRET"]`,
	"a text":            `"SECRET"`,
	"a number":          `410`,
	"an object of none": `{}`,
}

func TestRule57NotUnderstoodTwice(t *testing.T) {
	for name, object := range oddErrors {
		t.Run(name, func(t *testing.T) {
			run(t, func(r *rig) {
				r.synced("7", pod("a", "5")).event("ERROR", object)
				r.is(report.Resuming, report.ReasonUnexpected)
				r.watch("7").ok().event("ERROR", object)
				b := r.snapshot().ok()
				b.event("ADDED", pod("a", "8"))
				b.initialEnd("9")
				r.expect("upsert a@uid-a:8 relist", "synced 9 true")
				if s := r.is(report.Streaming, ""); strings.Contains(s.Message, "SECRET") {
					t.Errorf("message %q", s.Message)
				}
			})
		})
	}
}

// Each one says something else, and none moves on.
func TestRule57InAlternatingWords(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7").event("ERROR", `{"message":"a","code":400}`)
		r.watch("7").ok().event("ERROR", `null`)
		r.snapshot().ok().initialEnd("9")
		r.is(report.Streaming, "")
	})
}

// What says that the history is lost needs no second time, however it is dressed.
func TestRule57ExpiredWithoutKind(t *testing.T) {
	for _, object := range []string{
		`{"code":410}`, `{"code":"410","message":"gone"}`, `{"reason":"Expired"}`, `{"reason":"Gone","message":"x"}`,
		`{"kind":"Status","code":"410"}`, `{"metadata":{},"status":"Failure","code":410}`,
	} {
		run(t, func(r *rig) {
			r.synced("7").event("ERROR", object)
			r.snapshot().ok().initialEnd("9")
			if n := r.obs.get("relist expired"); n != 1 {
				t.Errorf("%s: counted %d", object, n)
			}
		})
	}
}

// Refusals for load or rights say nothing of the place.
func TestRule57RefusalsKeepThePlace(t *testing.T) {
	for _, code := range []int{429, 401, 403} {
		run(t, func(r *rig) {
			r.synced("7").event("ERROR", status(code, http.StatusText(code)))
			for range 9 {
				r.watch("7").ok().event("ERROR", status(code, http.StatusText(code)))
			}
			r.watch("7").ok()
		})
	}
}

// Events in between move the place: the second ERROR is the first one there.
func TestRule57AnotherPlace(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7").event("ERROR", `{}`)
		b := r.watch("7").ok()
		b.bookmark("8")
		b.event("ERROR", `{}`)
		r.watch("8").ok().event("ERROR", `{}`)
		r.snapshot().ok()
	})
}

// A bookmark that is sent again and again moves nothing.
func TestRule57TheSamePlaceWithABookmark(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7").event("ERROR", `{}`)
		b := r.watch("7").ok()
		b.bookmark("7")
		b.event("ERROR", `{}`)
		r.snapshot().ok()
	})
}

func TestRule57InASnapshot(t *testing.T) {
	for name, object := range oddErrors {
		t.Run(name, func(t *testing.T) {
			run(t, func(r *rig) {
				refused := 0
				for {
					c := r.next()
					if !c.q.Has("watch") {
						c.ok().page("9", "", pod("a", "5"))
						break
					}
					if refused++; refused > snapshotTries {
						t.Fatal("no list")
					}
					b := c.ok()
					b.event("ADDED", pod("a", "5"))
					b.event("ERROR", object)
				}
				r.watch("9").ok()
				r.told()
				r.is(report.Streaming, "")
				if name != "400" && name != "422 without kind" && r.server.WatchListRefused(pods) {
					t.Error("remembered as a refusal")
				}
			})
		})
	}
}

// The server goes on to answer so after each snapshot: the stream is blocked, and says so once.
func TestRule57WithoutAnEnd(t *testing.T) {
	logs := &logLines{}
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		for range 20 {
			b.event("ERROR", `{"message":"no"}`)
			c := r.next()
			b = c.ok()
			if c.q.Has("sendInitialEvents") {
				b.event("ADDED", pod("a", "5"))
				b.initialEnd("7")
			}
		}
		b.event("ERROR", `{"message":"no"}`)
		if s := r.is(report.Blocked, report.ReasonUnexpected); !strings.Contains(s.Message, "no") {
			t.Errorf("message %q", s.Message)
		}
		if n := logs.count("stream has recovered"); n > 1 {
			t.Errorf("recovered %d times:\n%s", n, logs)
		}
	}, logs.into)
}

func TestRule57StatusesOfTheirOwn(t *testing.T) {
	for name, answer := range map[string]func(*call){
		"text":          func(c *call) { c.refuseText(418, "I'm a teapot") },
		"HTML":          func(c *call) { c.respond(451, "text/html").page("", "") },
		"empty":         func(c *call) { c.respond(409, "application/json").end() },
		"without kind":  func(c *call) { b := c.respond(400, "application/json"); b.write(`{"code":400,"message":"x"}`); b.end() },
		"a bad request": func(c *call) { c.refuse(400, "BadRequest") },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(r *rig) {
				r.synced("7").end()
				answer(r.watch("7"))
				answer(r.watch("7"))
				r.snapshot().ok().initialEnd("9")
				r.is(report.Streaming, "")
			})
		})
	}
}

// A status in the body does not count against the one of HTTP, unless it is a Status.
func TestRule57TheCodeOfHTTPCounts(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7").end()
		b := r.watch("7").respond(503, "application/json")
		b.write(`{"code":410,"message":"upstream"}`)
		b.end()
		r.is(report.Blocked, report.ReasonServerError)
		r.watch("7").respond(410, "application/json").end()
		r.snapshot().ok()
	})
}

// The same forms in protobuf and CBOR.
func TestRule57InOtherEncodings(t *testing.T) {
	gone := metav1.Status{Status: "Failure", Code: 410}
	raw, err := gone.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	envelope := func(typeMeta, raw string) string { return "k8s\x00" + lengthed(0x0a, typeMeta) + lengthed(0x12, raw) }
	cborEvent := func(object any) string {
		t.Helper()
		out, err := direct.Marshal(map[string]any{"type": "ERROR", "object": object})
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	secret := lengthed(0x0a, lengthed(0x0a, "SECRET")) + lengthed(0x12, "SECRET") + lengthed(0x1a, "SECRET")
	for name, c := range map[string]struct {
		contentType, event string
		expired            bool
	}{
		"protobuf, 410 without kind":   {"application/vnd.kubernetes.protobuf;stream=watch", protobufEvent("ERROR", envelope("", string(raw))), true},
		"protobuf, another object":     {"application/vnd.kubernetes.protobuf;stream=watch", protobufEvent("ERROR", envelope(lengthed(0x12, "Secret"), secret)), false},
		"protobuf, one of no kind":     {"application/vnd.kubernetes.protobuf;stream=watch", protobufEvent("ERROR", envelope("", secret)), false},
		"protobuf, nothing":            {"application/vnd.kubernetes.protobuf;stream=watch", protobufEvent("ERROR", ""), false},
		"protobuf, rubbish":            {"application/vnd.kubernetes.protobuf;stream=watch", protobufEvent("ERROR", "SECRET"), false},
		"CBOR, 410 without kind":       {"application/cbor-seq", cborEvent(map[string]any{"code": 410}), true},
		"CBOR, 410 of another type":    {"application/cbor-seq", cborEvent(map[string]any{"kind": "Status", "code": "410"}), true},
		"CBOR, a message":              {"application/cbor-seq", cborEvent(map[string]any{"message": "x"}), false},
		"CBOR, null":                   {"application/cbor-seq", cborEvent(nil), false},
		"CBOR, an array":               {"application/cbor-seq", cborEvent([]any{"SECRET"}), false},
		"CBOR, another object":         {"application/cbor-seq", cborEvent(map[string]any{"kind": "Secret", "code": 403, "message": "SECRET"}), false},
		"JSON, called protobuf":        {"application/vnd.kubernetes.protobuf;stream=watch", `{"type":"ERROR","object":{"code":410}}`, true},
		"JSON, a Status as the answer": {"application/json", status(410, "Expired"), true},
		"JSON, one without kind":       {"application/json", `{"code":410,"message":"x"}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			logs := &logLines{}
			run(t, func(r *rig) {
				r.synced("7").end()
				times := 2
				if c.expired {
					times = 1
				}
				for range times {
					b := r.watch("7").respond(200, c.contentType)
					b.write(c.event)
					b.end()
				}
				r.snapshot().ok().initialEnd("9")
				r.is(report.Streaming, "")
				if strings.Contains(logs.String(), "SECRET") {
					t.Errorf("logged %s", logs)
				}
			}, logs.into)
		})
	}
}

// lengthed is a field of protobuf with a length below 128.
func lengthed(tag byte, content string) string {
	return string([]byte{tag, byte(len(content))}) + content
}

func protobufEvent(typ, object string) string {
	event := lengthed(0x0a, typ) + lengthed(0x12, lengthed(0x0a, object))
	return string([]byte{0, 0, 0, byte(len(event))}) + event
}

// A Status that is one keeps its details.
func TestStatusKeepsItsDetails(t *testing.T) {
	var in input
	s := &metav1.Status{}
	if err := json.Unmarshal([]byte(status(504, "Timeout/ResourceVersionTooLarge")), s); err != nil {
		t.Fatal(err)
	}
	in.explain(s)
	if !in.tooLarge || in.after == 0 || !in.formal {
		t.Errorf("%+v", in)
	}
}
