package machine

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// explosive is a body that something in the way of the bytes cannot cope with.
type explosive struct{}

func (explosive) Read([]byte) (int, error) { panic("a value that nobody may read") }
func (explosive) Close() error             { return nil }

func TestAPanicWhileReadingEndsOneAnswer(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.end()
		r.watch("7").reply <- reply{resp: &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: explosive{},
		}}
		again := r.watch("7")
		r.is(report.Blocked, report.ReasonBadAnswer)
		message := r.State().Message
		if !strings.Contains(message, "explosive.Read") || !strings.Contains(message, "panic_test.go:") || strings.Contains(message, "nobody may read") {
			t.Errorf("the state says %q", message)
		}
		b = again.ok()
		b.event("MODIFIED", pod("a", "8"))
		r.expect("upsert a@uid-a:8")
		r.is(report.Streaming, "")
	})
}
