package fake_test

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
	"github.com/ancho-dev/ancho/pkg/watcher/fake"
)

// began is a stream that begins while faults happen.
func began(t *testing.T, faults ...fake.Fault) (*fake.Server, *record) {
	t.Helper()
	s := fake.New()
	s.Put(t, kind.ConfigMap, fake.Named("a"))
	for _, f := range faults {
		s.Fault(f)
	}
	r, _ := follow(t, s, kind.ConfigMap)
	return s, r
}

// 4, 5, 56: where a snapshot cannot be streamed, it is listed, and the stream goes on from there.
func TestStreamWithoutWatchList(t *testing.T) {
	for name, f := range map[string]fake.Fault{
		"400": fake.NoWatchList(http.StatusBadRequest), "405": fake.NoWatchList(http.StatusMethodNotAllowed),
		"422": fake.NoWatchList(http.StatusUnprocessableEntity), "ignored": fake.IgnoreWatchList(),
		"no end": fake.NoEndBookmark(), "no bookmarks": fake.NoBookmarks(),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, r := began(t, f)
				time.Sleep(2 * time.Minute)
				r.expect(t, "upsert a", "synced")
				meanwhile(t, s)
				r.expect(t, "upsert b", "upsert a")
				lists := s.Fault(fake.Split(1<<20), fake.Verbs("list")) // which counts them
				time.Sleep(2 * time.Hour)                               // watches end and are opened again
				s.Remove(t, kind.ConfigMap, "default", "b")
				time.Sleep(time.Minute)
				r.expect(t, "gone b")
				if name != "no bookmarks" && lists.Count() != 0 { // without, silence is looked into (25)
					t.Errorf("%d lists of a stream that works", lists.Count())
				}
				again, _ := follow(t, s, kind.ConfigMap)
				time.Sleep(2 * time.Minute)
				again.expect(t, "upsert a", "synced")
			})
		})
	}
}

// 27: what was told before is not told again.
func TestStreamHearsTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := began(t, fake.Duplicate(), fake.Replay(5))
		r.expect(t, "upsert a", "synced")
		meanwhile(t, s)
		s.Put(t, kind.ConfigMap, fake.Named("a", "x", "z"))
		r.expect(t, "upsert b", "upsert a", "upsert a")
		s.Cut()
		time.Sleep(time.Minute)
		s.Put(t, kind.ConfigMap, fake.Named("c"))
		r.expect(t, "upsert c")
		s.Remove(t, kind.ConfigMap, "default", "b")
		r.expect(t, "gone b")
		if i := slices.IndexFunc(r.skipped, func(why watcher.Reason) bool {
			return why != watcher.ReasonReplayed && why != watcher.ReasonUnchanged && why != watcher.ReasonUnknownGone
		}); i >= 0 || len(r.skipped) < 7 {
			t.Errorf("skipped %v", r.skipped)
		}
	})
}

// Chunks end anywhere.
func TestStreamOfPieces(t *testing.T) {
	for _, size := range []int{1, 2, 3, 5, 4096} {
		for _, k := range []kind.Any{kind.ConfigMap, kind.Metadata(kind.ConfigMap), gadget} {
			synctest.Test(t, func(t *testing.T) {
				s := fake.New(fake.WithResources(gadget))
				s.Put(t, k, fake.Named("a"))
				s.Fault(fake.Split(size))
				r, _ := follow(t, s, k)
				r.expect(t, "upsert a", "synced")
				s.Put(t, k, fake.Named("b"))
				s.Remove(t, k, "default", "a")
				r.expect(t, "upsert b", "gone a")
			})
		}
	}
}

// 49: a type of event that nobody knows is counted, and that is all.
func TestStreamOfUnknownEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := followed(t)
		s.Fault(fake.UnknownEvent(), fake.Times(1))
		meanwhile(t, s)
		r.expect(t, "upsert a")
		if !slices.Equal(r.skipped, []watcher.Reason{watcher.ReasonUnknownType}) {
			t.Errorf("skipped %v", r.skipped)
		}
	})
}

// An event that is too large is said to be, and is gone around: the list does not have it.
func TestStreamOfAHugeFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 64 << 10 // by default it is 16 MiB
		s := fake.New()
		s.Put(t, kind.ConfigMap, fake.Named("a"))
		r, _ := followWith(t, s, kind.ConfigMap, watcher.StreamOptions{MaxFrame: limit})
		r.expect(t, "upsert a", "synced")
		f := s.Fault(fake.Huge(limit), fake.Object("default", "b"))
		meanwhile(t, s)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if r.phase.Phase != watcher.Blocked || r.phase.Reason != watcher.ReasonTooLarge {
			t.Errorf("%+v", r.phase)
		}
		f.Stop()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		slices.Sort(r.said)
		if said := slices.Compact(r.said); !slices.Equal(said, []string{"synced", "upsert a relist", "upsert b relist"}) && !slices.Equal(said, []string{"upsert a", "upsert b"}) {
			t.Errorf("told %q", said)
		}
		if r.phase.Phase != watcher.Streaming {
			t.Errorf("%+v", r.phase)
		}
	})
}

// 25: a server that was restored is noticed, and the difference told, also where numbers were given again.
func TestStreamOfARestoredServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := followed(t)
		back := s.Backup()
		for range 20 {
			meanwhile(t, s)
		}
		s.Remove(t, kind.ConfigMap, "default", "b")
		synctest.Wait()
		r.said = nil
		s.Restore(back)
		s.Put(t, kind.ConfigMap, fake.Named("c"))
		time.Sleep(time.Hour)
		r.expect(t, "upsert a relist", "upsert c relist", "synced")
		r.expectRelists(t, watcher.ReasonRolledBack)
		s.Put(t, kind.ConfigMap, fake.Named("d"))
		r.expect(t, "upsert d")
	})
}
