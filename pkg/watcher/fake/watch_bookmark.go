package fake

import (
	"math"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// bookmark tells up to where everything was told, if the client wants to know, and that it was told everything there
// was (rule 8). One below the beginning is never sent (rule 25).
func (st *stream) bookmark(complete bool) error {
	if !st.bookmarks || st.rv < st.floor {
		return nil
	}
	meta := map[string]any{"resourceVersion": strconv.FormatUint(st.rv, 10)}
	if complete {
		meta["annotations"] = map[string]any{metav1.InitialEventsAnnotationKey: "true"}
	}
	r := st.request.resource
	return st.out.event(watch.Bookmark, map[string]any{"apiVersion": r.APIVersion(), "kind": r.Kind, "metadata": meta})
}

// untilBookmark is the pause before the next bookmark.
func (st *stream) untilBookmark() time.Duration {
	left := time.Until(st.end) - lastBookmark
	if left <= 0 {
		return math.MaxInt64 // that was the last
	}
	return min(bookmarkEvery, left)
}
