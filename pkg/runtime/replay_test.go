package runtime

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/dispatch"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// rejoined is a rig whose route has just come back to a shared stream: the narrow route's list was of resourceVersion 10
// and showed the object "known", which the shared stream knows too, and "ahead", which it does not yet.
func rejoined(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, capability.When(kind.ConfigMap).IsCreatedOrUpdated().IsDeleted().Watch(ignoreMap))
	route := r.feed.Routes[0]
	for _, uid := range []string{"known", "ahead"} {
		r.upsert(named(uid, "8"), false)
	}
	r.expect(0, "Added", "Added")
	listed := watcher.NewIndex(r.feed.Words)
	known := r.entry(named("ahead", "8"))
	copy(listed.Put("ns", "ahead", "ahead", "8").Words(), known.Words())
	r.index.Remove(known) // the shared stream makes an entry of its own
	route.Attach(dispatch.NewReplay("10", route, listed, false))
	return r
}

// named is a ConfigMap whose name is its UID.
func named(uid, rv string) *corev1.ConfigMap {
	return aMap(uid, rv, func(cm *corev1.ConfigMap) { cm.Name = uid })
}

func TestReplayPassesOverWhatTheListTold(t *testing.T) {
	r := rejoined(t)
	r.upsert(named("known", "9"), false)
	r.upsert(named("ahead", "10"), false)
	r.expect(0)
	r.upsert(named("known", "11"), false)
	r.upsert(named("ahead", "12"), false)
	r.expect(0, "Modified", "Modified")
	if r.feed.Routes[0].Replay != nil {
		t.Error("the shared stream has passed the list, and what was kept for that is still there")
	}
	r.gone(named("ahead", "13"), false)
	r.expect(0, "Deleted")
}

func TestReplayTellsTheDeletionOfWhatTheListShowed(t *testing.T) {
	r := rejoined(t)
	r.upsert(named("ahead", "9"), false)
	r.gone(named("ahead", "11"), false)
	r.expect(0, "Deleted")
}

func TestReplayIsSilentOfWhatCameAndWentBeforeTheList(t *testing.T) {
	r := rejoined(t)
	r.upsert(named("brief", "5"), false)
	r.gone(named("brief", "6"), false)
	r.expect(0)
}

// The shared stream lost its history before it saw an object that the narrow route's list showed: its own list shows that
// the object is gone.
func TestReplayEndsWithTheNextList(t *testing.T) {
	r := rejoined(t)
	r.feed.Synced("20", true)
	r.expect(0, "Deleted")
	if r.feed.Routes[0].Replay != nil {
		t.Error("what the list told is kept beyond the next one")
	}
	r.upsert(named("known", "9"), false)
	r.expect(0, "Modified")
}

// The shared stream selects too: what its list does not show may only have left what it selects, which is looked into.
func TestReplayThatEndsWithAListDoesNotDecide(t *testing.T) {
	r := departed(t)
	r.upsert(aMap("u", "3", labelled("yes")), false) // it had left, and is back
	for _, b := range r.boxes {
		b.take()
	}
	route := r.feed.Routes[0]
	listed := watcher.NewIndex(r.feed.Words)
	at := r.entry(aMap("u", "3"))
	copy(listed.Put("ns", "n", "u", "3").Words(), at.Words())
	r.index.Remove(at)
	route.Attach(dispatch.NewReplay("10", route, listed, true))
	r.feed.Synced("20", true)
	r.expect(0)
	r.expect(1)
	r.expect(2)
	r.upsert(aMap("u", "21", labelled("no")), false)
	r.expect(0, "Left")
	r.expect(1, "Left")
	r.nothingOpen()
}

func TestNarrowRoutesLeaveOnlyWhereThatMayHelp(t *testing.T) {
	wide := watcher.Target{Resource: kind.ConfigMap.Resource()}
	in := func(ns, labels, fields string) watcher.Target {
		return watcher.Target{Resource: wide.Resource, Namespace: ns, Labels: labels, Fields: fields}
	}
	for _, c := range []struct {
		wide, narrow watcher.Target
		why          watcher.Reason
		want         bool
	}{
		{wide, in("a", "", ""), watcher.ReasonForbidden, true},
		{wide, in("", "x=y", ""), watcher.ReasonForbidden, false}, // RBAC knows no labels
		{in("a", "", ""), in("a", "x=y", ""), watcher.ReasonForbidden, false},
		{in("a", "", ""), in("a", "", "metadata.name=n"), watcher.ReasonForbidden, true},
		{wide, in("a", "", ""), watcher.ReasonUnreachable, false},
		{wide, in("a", "", ""), watcher.ReasonNotServed, false},
		{wide, in("", "x=y", ""), watcher.ReasonTooLarge, true},
	} {
		if got := dispatch.MayFareBetter(c.wide, c.narrow, c.why); got != c.want {
			t.Errorf("%s instead of %s, which is %s: %v", c.narrow, c.wide, c.why, got)
		}
	}
}
