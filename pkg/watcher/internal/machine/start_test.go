package machine

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

func TestRule01FirstRequest(t *testing.T) {
	run(t, func(r *rig) {
		c := r.snapshot()
		if got := c.q.Get("resourceVersionMatch"); got != "NotOlderThan" {
			t.Errorf("resourceVersionMatch %q", got)
		}
		if got := c.q.Get("timeoutSeconds"); got != "450" {
			t.Errorf("timeoutSeconds %q, want the middle of 5 and 10 minutes", got)
		}
		if got := c.q.Get("allowWatchBookmarks"); got != "true" {
			t.Errorf("allowWatchBookmarks %q", got)
		}
		b := c.ok()
		b.event("ADDED", pod("a", "5"))
		b.event("ADDED", pod("b", "3"))
		r.expect("upsert a@uid-a:5 new initial", "upsert b@uid-b:3 new initial")
		if r.State().Synced {
			t.Error("synced before the end of the snapshot")
		}
		b.initialEnd("7")
		b.event("ADDED", pod("c", "8"))
		b.event("MODIFIED", pod("a", "9"))
		b.event("DELETED", pod("b", "10"))
		r.expect("synced 7 false", "upsert c@uid-c:8 new", "upsert a@uid-a:9", "gone b@uid-b:3")
		r.phases("listing start", "streaming")
		if s := r.is(report.Streaming, ""); s.RV != "10" || !live(s) {
			t.Errorf("state %+v", s)
		}
	})
}

func TestRule02NeverBackInTime(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.event("ERROR", status(410, "Expired"))
		c := r.snapshot() // without a resourceVersion, so not "0"
		c.refuse(422, "Invalid")
		r.list("500", "").ok().page("9", "")
		r.watch("9").ok()
	})
}

func TestRule04SnapshotRefusedIsRemembered(t *testing.T) {
	run(t, func(r *rig) {
		r.snapshot().refuse(422, "Invalid")
		if r.server.WatchListRefused(pods) {
			t.Error("remembered before a list worked")
		}
		r.list("500", "").ok().page("7", "", pod("a", "5"))
		b := r.watch("7").ok()
		r.expect("upsert a@uid-a:5 new initial", "synced 7 false")
		if !r.server.WatchListRefused(pods) {
			t.Error("not remembered")
		}
		b.event("ERROR", status(410, "Expired"))
		r.list("500", "").ok().page("9", "", pod("a", "5")) // no snapshot is tried
		r.watch("9").ok()
		r.expect("synced 9 true")
		r.is(report.Streaming, "")
	})
}

func TestRule05EndBookmarkNeverComes(t *testing.T) {
	run(t, func(r *rig) {
		b := r.snapshot().ok()
		b.event("ADDED", pod("a", "5"))
		b.event("ADDED", pod("gone", "6"))
		b.bookmark("6")
		took := after(func() { r.list("500", "").ok().page("9", "", pod("a", "5"), pod("b", "8")) })
		if took != DefaultProgress {
			t.Errorf("listed after %v", took)
		}
		r.watch("9").ok()
		r.expect("upsert a@uid-a:5 new initial", "upsert gone@uid-gone:6 new initial",
			"upsert b@uid-b:8 new initial", "gone gone@uid-gone:6 relist partial", "synced 9 false")
		if !r.server.WatchListRefused(pods) {
			t.Error("not remembered")
		}
	})
}

// A server that does not answer at all may be slow: that it cannot stream a snapshot is not known.
func TestRule05NoAnswerIsNotRemembered(t *testing.T) {
	run(t, func(r *rig) {
		r.snapshot()
		took := after(func() { r.list("500", "").ok().page("9", "") })
		if took != DefaultFirstAnswer {
			t.Errorf("listed after %v", took)
		}
		r.watch("9").ok()
		if r.server.WatchListRefused(pods) {
			t.Error("remembered")
		}
	})
}

// A slow snapshot that goes on is left alone.
func TestRule05ProgressCounts(t *testing.T) {
	run(t, func(r *rig) {
		b := r.snapshot().ok()
		for i := range 12 {
			r.none(DefaultProgress - time.Second)
			b.event("ADDED", pod(string(rune('a'+i)), "5"))
		}
		b.initialEnd("7")
		r.is(report.Streaming, "")
	})
}

func TestRule06PartialSnapshotDeletesNothing(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"), pod("b", "6"))
		b.event("ERROR", status(410, "Expired"))
		for range snapshotTries - 1 {
			b = r.snapshot().ok()
			b.event("ADDED", pod("b", "6"))
			b.end()
		}
		b = r.snapshot().ok()
		b.event("ADDED", pod("b", "8"))
		b.cut()
		r.expect("upsert b@uid-b:8 relist") // once, and no deletion of a
		r.list("500", "").ok().page("9", "", pod("b", "8"))
		r.watch("9").ok()
		r.expect("gone a@uid-a:5 relist partial", "synced 9 true")
		if r.server.WatchListRefused(pods) {
			t.Error("an unlucky snapshot is no refusal")
		}
	})
}

func TestRule07ResumeFromTheBookmark(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "6"), pod("b", "2"))
		b.cut()
		r.watch("7").ok()
	})
}

func TestRule16CreatedWhileListing(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.event("ERROR", status(410, "Expired"))
		b = r.snapshot().ok()
		b.event("ADDED", pod("a", "5"))
		b.event("ADDED", pod("b", "12")) // live, before the end of the snapshot
		b.event("MODIFIED", pod("a", "13"))
		b.event("ADDED", pod("c", "14"))
		b.event("DELETED", pod("c", "15"))
		b.initialEnd("15")
		r.expect("upsert b@uid-b:12 new relist", "upsert a@uid-a:13 relist", "upsert c@uid-c:14 new relist",
			"gone c@uid-c:14 relist", "synced 15 true")
	})
}

func TestRule33HeadersMayWait(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7").cut()
		c := r.watch("7")
		r.none(5 * time.Minute)
		r.is(report.Resuming, report.ReasonReadError)
		b := c.ok()
		b.event("ADDED", pod("a", "8"))
		r.expect("upsert a@uid-a:8 new")
		r.is(report.Streaming, "")
	})
}

// After an outage too: a server that refuses says so sooner.
func TestRule33HeadersMayWaitAfterAnOutage(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7").cut()
		r.watch("7").fail("refused")
		r.watch("7").fail("refused")
		c := r.watch("7")
		r.is(report.Blocked, report.ReasonUnreachable)
		r.none(DefaultFirstAnswer + time.Second)
		if s := r.is(report.Resuming, report.ReasonUnreachable); !live(s) {
			t.Error("not live")
		}
		c.ok()
		r.is(report.Streaming, "")
	})
}

// A handler that has no room for more does not keep the stream from reading.
func TestRule34ReadingIsApartFromTheHandler(t *testing.T) {
	held(t, func(r *rig, g *gate) {
		b := r.snapshot().ok()
		g.shut(DefaultProgress * 4)
		for range 100 { // the bytes are read all the same
			b.event("ADDED", pod("a", "5"))
		}
		b.initialEnd("7")
		r.expect()
		r.none(DefaultProgress * 3) // and the time that the handler took is not the server's
		close(g.open())
		r.expect("upsert a@uid-a:5 new initial", "synced 7 false")
		r.is(report.Streaming, "")
	})
}

// A handler that takes its time does not make the server look slow.
func TestRule34TheHandlersTimeIsNotTheServers(t *testing.T) {
	run(t, func(r *rig) {
		r.rec.during = func(report.Delta) { time.Sleep(DefaultProgress * 3) }
		b := r.snapshot().ok()
		synctest.Wait()
		b.event("ADDED", pod("a", "5"))
		r.none(DefaultProgress * 7 / 2)
		b.initialEnd("7")
		r.expect("upsert a@uid-a:5 new initial", "synced 7 false")
	})
}

// What is read ahead is bounded.
func TestRule34ReadAheadIsBounded(t *testing.T) {
	run(t, func(r *rig) {
		release := make(chan struct{})
		r.rec.during = func(report.Delta) { <-release }
		b := r.snapshot().ok()
		written := make(chan int)
		go func() {
			n := 0
			for ; n < 100; n++ {
				b.event("ADDED", pod("a", "5"))
			}
			written <- n
		}()
		synctest.Wait()
		select {
		case <-written:
			t.Error("everything was read while the handler hung")
		default:
		}
		close(release)
		<-written
	}, func(_ *apiclient.Target, o *Options, _ *recorder) { o.ReadAhead = 2000 })
}
