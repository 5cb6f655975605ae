package fake

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// shortestWatch is how long a watch lasts at least that asks for no timeout; it may be twice as long.
	shortestWatch = 30 * time.Minute
	bookmarkEvery = time.Minute
	// lastBookmark is how long before its end a watch gets a bookmark, so that its client can go on from there.
	lastBookmark = 2 * time.Second
)

// stream is one watch. It runs in the goroutine of its request, so that a slow reader holds up nobody else.
type stream struct {
	store     *store
	request   *request
	matches   func(*object) bool
	bookmarks bool
	out       *frames

	at      *change // the change that was told last
	backlog []*change
	initial []*object
	begins  bool   // with the objects there are, and a bookmark behind them
	floor   uint64 // what is not above it was known to the client
	rv      uint64 // everything up to here was told
	end     time.Time
}

// watch answers with changes, until the client has gone, the time has come, or the resource has.
func (s *Server) watch(w http.ResponseWriter, r *request, f form, o *internalversion.ListOptions) *metav1.Status {
	from, err := parseVersion(o.ResourceVersion)
	if err != nil {
		return failed(err) // 28
	}
	st := &stream{store: s.store, request: r, matches: selected(r, o), bookmarks: o.AllowWatchBookmarks}
	st.begins = o.SendInitialEvents != nil && *o.SendInitialEvents
	st.end = time.Now().Add(timeout(o))
	st.out = openFrames(w, f, st.begins && st.bookmarks && takesGzip(r.Request))
	defer func() { _ = st.out.flush() }()
	select {
	case refused := <-st.out.refusals():
		_ = st.out.refusal(refused) // the client went away
		return nil
	default:
	}
	if refused := st.begin(from); refused != nil {
		_ = st.out.refusal(refused) // the client went away
		return nil
	}
	st.out.answer()
	_ = st.run() // the client went away
	return nil
}

// timeout is how long the watch lasts.
func timeout(o *internalversion.ListOptions) time.Duration {
	if o.TimeoutSeconds != nil && *o.TimeoutSeconds > 0 {
		return time.Duration(*o.TimeoutSeconds) * time.Second
	}
	return shortestWatch + rand.N(shortestWatch) //nolint:gosec // jitter
}

// begin finds the place in the history where the watch begins. The client is answered after that: it may rely on being told of
// all that it does once it has the answer.
func (st *stream) begin(from uint64) *metav1.Status {
	st.store.mu.Lock()
	defer st.store.mu.Unlock()
	c := st.request.collection
	st.at, st.rv = c.last, st.store.rv
	switch {
	case st.begins && from > st.rv:
		return tooLarge(from, st.rv)
	case st.begins:
		st.initial = c.sorted(st.request.namespace)
	case from > 0:
		changes, ok := c.since(from)
		if !ok {
			return expired(fmt.Sprintf("too old resource version: %d (%d)", from, c.compacted))
		}
		st.backlog, st.floor = changes, from // 25: what is to come may be below, and is not told
		if again := c.before(from, st.out.rewinds()); len(again) > 0 {
			st.backlog, st.floor = slices.Concat(again, changes), again[0].rv-1
		}
	}
	return nil
}
