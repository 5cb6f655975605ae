package machine

import (
	"compress/gzip"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// compressed answers as the API server does when it was asked for gzip: each flush ends a member.
func (c *call) compressed(texts ...string) *body {
	b := c.respond(200, "application/json", "Content-Encoding", "gzip")
	b.members(texts...)
	return b
}

func (b *body) members(texts ...string) {
	for _, text := range texts {
		w := gzip.NewWriter(b.w)
		_, _ = w.Write([]byte(text))
		_ = w.Close()
	}
}

const bookmarkSeven = `{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7","annotations":{"k8s.io/initial-events-end":"true"}}}}`

func added(i int) string {
	return `{"type":"ADDED","object":` + pod(fmt.Sprint("o", i), "5") + `}`
}

// The changes of a kind with many objects come by a request of their own, uncompressed.
func TestALargeCompressedSnapshotIsNotFollowed(t *testing.T) {
	run(t, func(r *rig) {
		var all string
		for i := range largeSnapshot {
			all += added(i)
		}
		c := r.snapshot()
		if got := c.h.Get("Accept-Encoding"); got != "gzip" {
			t.Errorf("the snapshot is asked for as %q", got)
		}
		c.compressed(all, bookmarkSeven+`{"type":"MODIFIED","object":`+pod("o1", "8")+`}`)
		c = r.watch("7")
		if got := c.h.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("the changes are asked for as %q", got)
		}
		if s := r.State(); !live(s) || s.Reason != "" && s.Reason != report.ReasonStart {
			t.Errorf("meanwhile the stream is %+v", s)
		}
		b := c.ok()
		b.event("MODIFIED", pod("o1", "8"))
		synctest.Wait()
		r.is(report.Streaming, "")
		if n := len(take(&r.rec.mu, &r.rec.lines)); n != largeSnapshot+2 {
			t.Errorf("%d calls, want one for each object, the sync, and the change", n)
		}
		if n := r.obs.get("reconnect clean_end") + r.obs.get("relist start"); n != 0 {
			t.Errorf("%d relists and reconnects, where nothing went wrong", n)
		}
	})
}

func TestASmallCompressedSnapshotIsFollowed(t *testing.T) {
	run(t, func(r *rig) {
		b := r.snapshot().compressed(added(1)+added(2), bookmarkSeven)
		r.expect("upsert o1@uid-o1:5 new initial", "upsert o2@uid-o2:5 new initial", "synced 7 false")
		r.is(report.Streaming, "")
		b.members(`{"type":"MODIFIED","object":` + pod("o1", "8") + `}`)
		r.expect("upsert o1@uid-o1:8")
	})
}
