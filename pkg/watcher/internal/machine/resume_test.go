package machine

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

func TestRule17ExpiredAnswer(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7", pod("a", "5"), pod("b", "6")).end()
		r.watch("7").refuse(410, "Expired")
		b := r.snapshot().ok()
		b.event("ADDED", pod("b", "6"))
		b.event("ADDED", pod("c", "8"))
		b.initialEnd("9")
		r.expect("upsert c@uid-c:8 new relist", "gone a@uid-a:5 relist partial", "synced 9 true")
		if got := r.obs.get("relist expired"); got != 1 {
			t.Errorf("counted %d", got)
		}
	})
}

func TestRule18ExpiredInsideAndALineAfter(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.write(`{"type":"ERROR","object":` + status(410, "Gone") + `}` + "\n" + `{"type":"ADDED","object":` + pod("x", "99") + `}`)
		b = r.snapshot().ok()
		r.is(report.Relisting, report.ReasonExpired)
		b.event("ADDED", pod("a", "5"))
		b.initialEnd("9")
		r.expect("synced 9 true")
	})
}

// A server that expires every watch is not asked for snapshots without a pause.
func TestRule18ExpiredForEver(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		took := after(func() {
			for range 20 {
				b.event("ERROR", status(410, "Expired"))
				b = r.snapshot().ok()
				b.event("ADDED", pod("a", "5"))
				b.initialEnd("9")
			}
		})
		if took < 3*time.Minute {
			t.Errorf("20 snapshots within %v", took)
		}
		r.none(time.Minute) // it works again
		b.end()
		r.next().fail("x")
	})
}

func TestRule19AnotherUID(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a@one", "5"))
		b.event("ERROR", status(410, "Expired"))
		b = r.snapshot().ok()
		b.event("ADDED", pod("a@two", "8"))
		b.initialEnd("9")
		r.expect("gone a@one:5 relist partial", "upsert a@two:8 new relist", "synced 9 true")
		b.event("ADDED", pod("a@three", "10")) // also where the deletion was not told
		r.expect("gone a@two:8 partial", "upsert a@three:10 new")
		b.event("MODIFIED", pod("a@two", "9")) // a replay of the one before
		b.event("DELETED", pod("a@two", "9"))
		r.expect()
		b.event("DELETED", pod("a@four", "12")) // another has come and gone: so has ours
		r.expect("gone a@three:10 partial")
	})
}

func TestRule20SameIsSilence(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"), pod("b", "6"))
		b.event("ERROR", status(410, "Expired"))
		b = r.snapshot().ok()
		b.event("ADDED", pod("a", "5"))
		b.event("ADDED", pod("b", "4")) // it may have gone back: another state all the same
		b.initialEnd("9")
		r.expect("upsert b@uid-b:4 relist", "synced 9 true")
		if got := r.obs.get("skipped unchanged"); got != 1 {
			t.Errorf("counted %d", got)
		}
	})
}

func TestRule21Bookmark(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.bookmark("12")
		b.bookmark("11") // never back
		r.expect()
		b.cut()
		r.watch("12").ok()
	})
}

func TestRule22CleanEnd(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7")
		b.event("ADDED", pod("a", "8"))
		r.none(6 * time.Minute)
		b.end()
		if took := after(func() { b = r.watch("8").ok() }); took != 0 {
			t.Errorf("resumed after %v", took)
		}
		r.is(report.Streaming, "")
		r.phases("resuming clean_end", "streaming")
		if got := r.obs.get("reconnect clean_end"); got != 1 {
			t.Errorf("counted %d", got)
		}
	})
}

func TestRule23EndInMidFrame(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7")
		b.event("ADDED", pod("a", "8"))
		b.write(`{"type":"ADDED","object":{"metadata":{"name":"b","na`)
		b.end()
		b = r.watch("8").ok()
		b.event("ADDED", pod("b", "9"))
		r.expect("upsert a@uid-a:8 new", "upsert b@uid-b:9 new")
		if got := r.obs.get("reconnect read_error"); got != 1 {
			t.Errorf("counted %d", got)
		}
	})
}

func TestRule24ShortWatches(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7").end()
		took := after(func() {
			for range snapshotTries {
				r.watch("7").ok().end()
			}
			r.list("1", "").ok().page("7", "") // silence for as many: did it go back?
		})
		if took < time.Second || took > 10*time.Second {
			t.Errorf("took %v", took)
		}
		r.watch("7").ok()
	})
}

func TestRule25RolledBack(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("700", pod("a", "5"), pod("b", "690"))
		r.none(7 * time.Minute)
		b.end()
		r.list("1", "").ok().page("600", "", pod("a", "5"))
		b = r.snapshot().ok()
		b.event("ADDED", pod("a", "5"))
		b.event("ADDED", pod("b", "590"))
		b.initialEnd("600")
		r.expect("upsert b@uid-b:590 relist", "synced 600 true")
		r.is(report.Streaming, "")
		b.event("MODIFIED", pod("b", "601"))
		r.expect("upsert b@uid-b:601")
		if got := r.obs.get("relist rolled_back"); got != 1 {
			t.Errorf("counted %d", got)
		}
	})
}

func TestRule25NotRolledBack(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("700", pod("a", "5"))
		r.none(7 * time.Minute)
		b.end()
		r.list("1", "").ok().page("900", "", pod("a", "5"))
		r.watch("700").ok()
		r.expect()
	})
}

// A proxy that lets no watch live must not hide it either.
func TestRule25BehindAProxy(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("700")
		for range 14 {
			r.none(time.Minute)
			b.cut()
			b = r.watch("700").ok()
		}
		r.none(time.Minute)
		b.cut()
		r.list("1", "").ok().page("700", "")
		r.watch("700").ok()
	})
}

func TestRule26OpaqueVersions(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("x7", pod("a", "xa"))
		b.event("MODIFIED", pod("a", "xa")) // equal: a replay
		b.event("MODIFIED", pod("a", "w9"))
		b.event("MODIFIED", pod("a", "123456789012345678901234567890"))
		b.event("MODIFIED", pod("a", "123456789012345678901234567889"))
		r.expect("upsert a@uid-a:w9", "upsert a@uid-a:123456789012345678901234567890")
		b.bookmark("v1")
		r.none(7 * time.Minute)
		b.end()
		r.watch("v1").ok()
	})
}

func TestRule27Replays(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.event("MODIFIED", pod("a", "9"))
		b.event("MODIFIED", pod("a", "9"))
		b.event("MODIFIED", pod("a", "8"))
		b.event("DELETED", pod("a", "6"))
		r.expect("upsert a@uid-a:9")
		b.event("DELETED", pod("a", "11"))
		b.event("DELETED", pod("a", "11"))
		r.expect("gone a@uid-a:9")
		if got := r.obs.get("skipped replayed"); got != 3 {
			t.Errorf("counted %d", got)
		}
	})
}

// A proxy that replays events from a place of its own brings no news of objects that were reported deleted. An object that
// the stream has never known may have become visible only now.
func TestRule27ReplaysOfWhatHasGone(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.event("DELETED", pod("a", "11"))
		r.expect("gone a@uid-a:5")
		b.end()
		b = r.watch("11").ok()
		b.event("MODIFIED", pod("a", "9"))
		b.event("DELETED", pod("a", "11"))
		b.event("ADDED", pod("b", "10"))
		b.event("ADDED", pod("b", "12"))
		b.event("MODIFIED", pod("d", "9"))
		b.event("ADDED", pod("c", "x1")) // does not compare
		r.expect("upsert b@uid-b:10 new", "upsert b@uid-b:12", "upsert c@uid-c:x1 new")
		if got := r.obs.get("skipped replayed"); got != 2 {
			t.Errorf("counted %d", got)
		}
	})
}

func TestRule27Tombstones(t *testing.T) {
	run(t, func(r *rig) {
		b := r.snapshot().ok()
		b.event("ADDED", pod("a", "5"))
		b.event("DELETED", pod("a", "8"))
		b.event("ADDED", pod("a", "5"))
		b.event("ADDED", pod("a@other", "9")) // another object
		b.initialEnd("9")
		r.expect("upsert a@uid-a:5 new initial", "gone a@uid-a:5 initial", "upsert a@other:9 new initial", "synced 9 false")
	})
}

func TestRule28BadVersion(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7", pod("a", "5")).end()
		r.watch("7").refuse(500, "")
		r.is(report.Blocked, report.ReasonServerError)
		r.watch("7").refuse(500, "")
		b := r.snapshot().ok()
		b.event("ADDED", pod("a", "5"))
		b.initialEnd("9")
		r.expect("synced 9 true")
		r.is(report.Streaming, "")
	})
}

func TestRule28FirstRequest(t *testing.T) {
	run(t, func(r *rig) {
		for range 5 {
			r.snapshot().refuse(500, "")
			if s := r.is(report.Blocked, report.ReasonServerError); s.Message == "" || s.RetryAt.IsZero() {
				t.Errorf("state %+v", s)
			}
		}
	})
}

func TestRule29HardDeadline(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7", pod("a", "5")) // and never a byte again
		want := 450*time.Second + DefaultWatchGrace
		took := after(func() { r.watch("7").ok() })
		if took < want || took > want+time.Second {
			t.Errorf("resumed after %v, want %v", took, want)
		}
		if got := r.obs.get("reconnect deadline"); got != 1 {
			t.Errorf("counted %d", got)
		}
		r.expect()
		if n := r.live.Load(); n != 1 {
			t.Errorf("%d responses are open", n)
		}
	})
}

func TestRule30ResumeWithJitter(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7")
		r.none(time.Minute)
		b.cut()
		if took := after(func() { r.watch("7").ok() }); took != jitterMax/2 {
			t.Errorf("resumed after %v", took)
		}
	})
}

func TestRule31Refused(t *testing.T) {
	run(t, func(r *rig) {
		r.synced("7", pod("a", "5")).cut()
		took := after(func() {
			for range 20 {
				r.watch("7").fail("connect: connection refused")
			}
		})
		if took < 5*time.Minute || took > 10*time.Minute {
			t.Errorf("20 attempts in %v", took)
		}
		s := r.is(report.Blocked, report.ReasonUnreachable)
		if live(s) || !s.Synced || s.RV != "7" {
			t.Errorf("state %+v", s)
		}
		r.watch("7").ok()
		r.lasts(report.Blocked, report.ReasonUnreachable)
		r.expect()
		r.phases("resuming read_error", "resuming unreachable", "blocked unreachable", "streaming")
	})
}

// After a storm of everything, one response is open and each event was told once.
func TestRule35Storm(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7")
		rv := 7
		told := 0
		for i := range 200 {
			rv++
			b.event("ADDED", pod(fmt.Sprint("p", i), fmt.Sprint(rv)))
			told += len(r.told())
			switch i % 4 {
			case 0:
				b.cut()
			case 1:
				b.end()
			case 2:
				b.event("ERROR", status(429, "TooManyRequests"))
			case 3:
				b.write(`{"type":`)
				b.end()
			}
			c := r.watch(fmt.Sprint(rv))
			switch i % 5 {
			case 0:
				c.fail("refused")
				c = r.watch(fmt.Sprint(rv))
			case 1:
				c.refuse(503, "ServiceUnavailable")
				c = r.watch(fmt.Sprint(rv))
			case 2:
				c.refuse(401, "Unauthorized")
				c = r.watch(fmt.Sprint(rv))
			}
			b = c.ok()
			synctest.Wait()
			if n := r.live.Load(); n != 1 {
				t.Fatalf("%d responses are open", n)
			}
		}
		if told != 200 {
			t.Errorf("told %d of 200", told)
		}
	})
}

func TestRule36QuietIsLeftAlone(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		r.none(449 * time.Second)
		r.is(report.Streaming, "")
		r.phases()
		r.expect()
		b.bookmark("8")
		b.end()
		r.watch("8").ok()
	})
}
