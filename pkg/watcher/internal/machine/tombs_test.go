package machine

import (
	"fmt"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/index"
)

// buried is how many deleted objects the stream remembers.
func (r *rig) buried() (n int) {
	r.t.Helper()
	if err := r.Do(func() { n = r.m.index.RemembersDeleted() }); err != nil {
		r.t.Error(err)
	}
	return n
}

// An old object that becomes visible is behind the bookmarks that overtook it.
func TestRule27OldObjectBecomesVisible(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.bookmark("20")
		b.event("ADDED", pod("old", "3"))
		r.expect("upsert old@uid-old:3 new")
		b.event("MODIFIED", pod("old", "21"))
		r.expect("upsert old@uid-old:21")
		b.end()
		r.watch("21").ok()
	})
}

// Once deleted, always deleted: in the same watch, after resumes, and under a name that another object has now.
func TestRule27DeletedStaysDeleted(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"))
		b.event("DELETED", pod("a", "8"))
		r.expect("gone a@uid-a:5")
		for range 2 {
			b.event("ADDED", pod("a", "5"))
			b.event("ADDED", pod("a", "8"))
			b.event("DELETED", pod("a", "8"))
			b.end()
			b = r.watch("8").ok()
		}
		b.event("ADDED", pod("a@new", "9"))
		b.event("ADDED", pod("a", "5"))
		b.event("DELETED", pod("a", "8"))
		r.expect("upsert a@new:9 new")
		b.event("DELETED", pod("a@new", "10"))
		r.expect("gone a@new:9")
		b.event("ADDED", pod("a@new", "11")) // a label that comes back, where the server selects
		r.expect("upsert a@new:11 new")
	})
}

// The same for deletions that a comparison finds, and those that another object under the name implies.
func TestRule27DeletedBySnapshotStaysDeleted(t *testing.T) {
	run(t, func(r *rig) {
		r.relist(r.synced("7", pod("a", "5"), pod("b", "5"), pod("c", "5")))
		b := r.snapshot().ok()
		b.event("ADDED", pod("b@new", "8"))
		b.event("ADDED", pod("c", "5"))
		b.initialEnd("9")
		r.expect("gone b@uid-b:5 relist partial", "upsert b@new:8 new relist", "gone a@uid-a:5 relist partial", "synced 9 true")
		b.event("ADDED", pod("a", "6"))
		b.event("DELETED", pod("a", "8"))
		b.event("DELETED", pod("b@new", "10"))
		r.expect("gone b@new:8")
		b.event("ADDED", pod("b", "7"))
		r.expect()
	})
}

// A snapshot of a server that lags behind does not bring deleted objects back, nor take the newer ones away.
func TestRule27StaleSnapshot(t *testing.T) {
	verified(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"), pod("c", "5"))
		b.event("DELETED", pod("a", "8"))
		b.event("ADDED", pod("a@new", "9"))
		r.expect("gone a@uid-a:5", "upsert a@new:9 new")
		r.relist(b)
		b = r.snapshot().ok()
		b.event("ADDED", pod("a", "5"))
		b.event("ADDED", pod("c", "5"))
		b.initialEnd("7")
		r.proof().ok().page("9", "more", pod("a@new", "9"))
		r.list("500", "").ok().page("9", "", pod("a@new", "9"), pod("c", "5"))
		r.watch("9").ok()
		r.expect("synced 9 true")
	})
}

// A snapshot that is younger than the deletion, and shows the object, is right: it is read again to report what it showed.
func TestRule27ExistsAfterAll(t *testing.T) {
	verified(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"), pod("c", "5"))
		b.event("DELETED", pod("a", "5")) // as of an object that the program may not see any more
		r.expect("gone a@uid-a:5")
		r.relist(b)
		for range 2 {
			b = r.snapshot().ok()
			b.event("ADDED", pod("a", "5"))
			b.event("ADDED", pod("c", "5"))
			b.initialEnd("9")
		}
		r.expect("upsert a@uid-a:5 new relist", "synced 9 true")
	})
}

// After etcd was restored objects that were deleted later exist again.
func TestRule25DeletedObjectsAreRestored(t *testing.T) {
	verified(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"), pod("c", "5"))
		b.event("DELETED", pod("a", "8"))
		r.expect("gone a@uid-a:5")
		time.Sleep(6 * time.Minute)
		b.end()
		b = r.watch("8").ok()
		time.Sleep(6 * time.Minute)
		b.end()
		r.list("1", "").ok().page("6", "", pod("a", "5"))
		b = r.snapshot().ok()
		b.event("ADDED", pod("a", "5"))
		b.event("ADDED", pod("c", "5"))
		b.initialEnd("6")
		r.proof().ok().page("6", "more", pod("a", "5"))
		r.expect("upsert a@uid-a:5 new relist", "synced 6 true")
	})
}

// A DELETED that carries no more than a name deletes what has the name, once.
func TestRule27DeletedByNameAlone(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7", pod("a", "5"), pod("b", "6"))
		const bare = `{"metadata":{"namespace":"ns","name":"a"}}`
		b.event("DELETED", bare)
		r.expect("gone a@uid-a:5 partial")
		b.event("DELETED", bare)
		b.event("ADDED", pod("a", "5"))
		r.expect()
		b.event("ADDED", pod("a@new", "8"))
		r.expect("upsert a@new:8 new")
	})
}

// The memory of deleted objects is bounded, says what it forgets, and is given back.
func TestDeletedObjectsAreForgotten(t *testing.T) {
	run(t, func(r *rig) {
		b := r.synced("7")
		const more = 10
		for i := range index.MaxDeleted + more {
			id := fmt.Sprintf("ns/p%d@00000000-0000-0000-0000-%012d", i, i)
			b.event("ADDED", pod(id, fmt.Sprint(10+2*i)))
			b.event("DELETED", pod(id, fmt.Sprint(11+2*i)))
		}
		r.told()
		if n := r.buried(); n != index.MaxDeleted {
			t.Errorf("%d are remembered, want %d", n, index.MaxDeleted)
		}
		if n := r.obs.get("forgot"); n != more {
			t.Errorf("counted %d, want %d", n, more)
		}
		for range 2 {
			time.Sleep(index.ForgetEvery)
			b.bookmark("100000")
			b.end()
			b = r.watch("100000").ok()
		}
		if n := r.buried(); n != 0 {
			t.Errorf("%d deleted objects are remembered for ever", n)
		}
	})
}

// Where resourceVersions do not compare, or there are none, an object that left comes back with its next state. The state in
// which it left is a replay.
func TestRule26ObjectsComeBackWithoutComparison(t *testing.T) {
	selects := func(target *apiclient.Target, _ *Options, _ *recorder) { target.Labels = "app=web" }
	run(t, func(r *rig) {
		b := r.synced("x7", pod("a", "xa"))
		b.event("DELETED", pod("a", "xb"))
		b.event("ADDED", pod("a", "xb"))
		r.expect("gone a@uid-a:xa ambiguous")
		b.event("ADDED", pod("a", "xc"))
		r.expect("upsert a@uid-a:xc new")
	}, selects)
	verified(t, func(r *rig) {
		listing(r)
		for _, step := range []struct{ items, want []string }{
			{[]string{pod("a", ""), pod("b", "")}, []string{"upsert a@uid-a: new initial", "upsert b@uid-b: new initial", "synced  false"}},
			{[]string{pod("a", "")}, []string{"gone b@uid-b: relist ambiguous partial", "synced  true"}},
			{[]string{pod("a", ""), pod("b", "")}, []string{"upsert b@uid-b: new relist", "synced  true"}},
		} {
			r.list("500", "").ok().page("", "", step.items...)
			r.expect(step.want...)
		}
	}, selects)
}
