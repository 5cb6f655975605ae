package machine

import (
	"fmt"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// listing is a rig whose server does not know snapshots by watch.
func listing(r *rig) { r.snapshot().refuse(400, "BadRequest") }

func TestRule11NoVersionWithToken(t *testing.T) {
	run(t, func(r *rig) {
		listing(r)
		r.list("500", "").ok().page("7", "t1", pod("a", "5"))
		r.list("500", "t1").ok().page("7", "t2") // 13: an empty page
		r.list("500", "t2").ok().page("8", "", pod("b", "6"))
		r.watch("8").ok()
		r.expect("upsert a@uid-a:5 new initial", "upsert b@uid-b:6 new initial", "synced 8 false")
		r.phases("listing start", "listing no_watch_list", "resuming no_watch_list", "streaming")
	})
}

// A limit counts only where the resourceVersion is not "0", which is never sent: the helper list checks both.
func TestRule12LimitIsObeyed(t *testing.T) {
	run(t, func(r *rig) {
		listing(r)
		r.list("2", "").ok().page("7", "t", pod("a", "5"), pod("b", "5"))
		r.list("2", "t").ok().page("7", "", pod("c", "5"))
		r.watch("7").ok()
	}, func(_ *apiclient.Target, o *Options, _ *recorder) { o.PageLimit = 2 })
}

func TestRule14AnyNumberOfPages(t *testing.T) {
	run(t, func(r *rig) {
		listing(r)
		const pages = 2000
		token := ""
		for i := range pages {
			next := fmt.Sprint("t", i)
			r.list("500", token).ok().page("7", next, pod(next, "5"))
			token = next
		}
		r.list("500", token).ok().page("7", "")
		r.watch("7").ok()
		if got := len(r.told()); got != pages+1 {
			t.Errorf("told %d times", got)
		}
	})
}

func TestRule10ExpiredBetweenPages(t *testing.T) {
	run(t, func(r *rig) {
		listing(r)
		r.list("500", "").ok().page("7", "t1", pod("a", "5"), pod("b", "6"))
		r.list("500", "t1").refuse(410, "Expired")
		r.list("", "").ok().page("9", "", pod("b", "6"), pod("c", "8")) // whole: it cannot expire again
		r.watch("9").ok()
		r.expect("upsert a@uid-a:5 new initial", "upsert b@uid-b:6 new initial",
			"upsert c@uid-c:8 new initial", "gone a@uid-a:5 relist partial", "synced 9 false")
		if got := r.obs.get("relist pages_expired"); got != 1 {
			t.Errorf("counted %d", got)
		}
	})
}

// A page that breaks off is asked for again; what it brought is not told twice.
func TestRule30CutInAPage(t *testing.T) {
	run(t, func(r *rig) {
		listing(r)
		r.list("500", "").ok().page("7", "t1", pod("a", "5"))
		b := r.list("500", "t1").ok()
		b.write(`{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[` + pod("b", "6") + `,{"metadata":`)
		b.cut()
		r.list("500", "t1").ok().page("7", "", pod("b", "6"), pod("c", "6"))
		r.watch("7").ok()
		r.expect("upsert a@uid-a:5 new initial", "upsert b@uid-b:6 new initial", "upsert c@uid-c:6 new initial", "synced 7 false")
	})
}

func TestRule31ListStandsStill(t *testing.T) {
	run(t, func(r *rig) {
		listing(r)
		b := r.list("500", "").ok()
		b.write(`{"kind":"PodList","items":[`)
		took := after(func() { r.list("500", "").ok().page("7", "") })
		if took < DefaultProgress || took > DefaultProgress+time.Second {
			t.Errorf("asked again after %v", took)
		}
		r.watch("7").ok()
	})
}

func TestRule15TooLargeOnAList(t *testing.T) {
	run(t, func(r *rig) {
		listing(r)
		r.list("500", "").refuse(504, "Timeout/ResourceVersionTooLarge")
		took := after(func() { r.list("500", "").ok().page("9", "") })
		if took < time.Second || took > 1100*time.Millisecond {
			t.Errorf("again after %v, want a second and a little", took)
		}
		r.watch("9").ok()
	})
}

func TestRule15TooLargeInASnapshot(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7")
		b.event("ERROR", status(504, "Timeout/ResourceVersionTooLarge"))
		b = r.watch("7").ok()
		b.event("ERROR", status(504, "Timeout/ResourceVersionTooLarge"))
		b = r.snapshot().ok()
		b.initialEnd("5")
		r.expect("synced 5 true")
	})
}

func TestRule09ItemsCarryNoKind(t *testing.T) {
	run(t, func(r *rig) {
		listing(r)
		r.list("500", "").ok().page("7", "", pod("a", "5"))
		r.watch("7").ok()
		r.expect("upsert a@uid-a:5 new initial", "synced 7 false")
	})
}

// Turning in circles ends.
func TestRule14SameTokenTwice(t *testing.T) {
	run(t, func(r *rig) {
		listing(r)
		r.list("500", "").ok().page("7", "t", pod("a", "5"))
		r.list("500", "t").ok().page("7", "t")
		r.list("", "").ok().page("7", "", pod("a", "5"))
		r.watch("7").ok()
	})
}

func TestRule04FallbackThatIsForbidden(t *testing.T) {
	run(t, func(r *rig) {
		for range snapshotTries {
			r.snapshot().ok().cut()
		}
		r.list("500", "").refuse(403, "Forbidden")
		s := r.is(report.Blocked, report.ReasonForbidden)
		t.Log(s.Message)
		b := r.snapshot().ok() // who may watch only gets another chance to
		b.initialEnd("7")
		r.is(report.Streaming, "")
	})
}

// A list that broke off is made again later: what its first part had shown may have been deleted in between.
func TestRule06DeletedBetweenTwoAttempts(t *testing.T) {
	for name, first := range map[string]string{"shown": pod("a", "5"), "without a name": `{"metadata":{}}`} {
		t.Run(name, func(t *testing.T) {
			run(t, func(r *rig) {
				listing(r)
				r.list("500", "").ok().page("7", "", pod("a", "5"), pod("b", "6"))
				r.watch("7").refuse(410, "Expired")
				b := r.list("500", "").ok()
				b.write(`{"kind":"PodList","metadata":{"resourceVersion":"8"},"items":[` + first + `,`)
				b.cut()
				r.list("500", "").ok().page("9", "", pod("b", "6"))
				r.watch("9").ok()
				r.expect("upsert a@uid-a:5 new initial", "upsert b@uid-b:6 new initial", "synced 7 false",
					"gone a@uid-a:5 relist partial", "synced 9 true")
			})
		})
	}
}
