package plan

import (
	"testing"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// Health and metrics know a stream by its name, so no two may share one.
func TestStreamNamesAreUnique(t *testing.T) {
	pods := watcher.Target{Resource: kind.Pod.Resource()}
	meta := watcher.Target{Resource: kind.Metadata(kind.Pod).Resource()}
	maps := watcher.Target{Resource: kind.Unstructured(kind.Pod.Resource().GVK()).Resource()}
	guessed := maps
	guessed.Resource.Guessed = true
	rider := watcher.Target{Resource: pods.Resource, Namespace: "a"}
	names := Names(&Plan{Streams: []Stream{
		{Target: pods, Routes: []Route{{Target: pods}, {Target: rider}}},
		{Target: meta, Routes: []Route{{Target: meta}}},
		{Target: maps, Routes: []Route{{Target: maps}}},
		{Target: guessed, Routes: []Route{{Target: guessed}}},
	}})
	for target, want := range map[watcher.Target]string{
		pods:    "/api/v1/pods?watch=true (protobuf)",
		meta:    "/api/v1/pods?watch=true (metadata)",
		maps:    "/api/v1/pods?watch=true (json)",
		guessed: "/api/v1/pods?watch=true (json) 2",
		rider:   "/api/v1/namespaces/a/pods?watch=true",
	} {
		if names[target] != want {
			t.Errorf("%+v is named %q, want %q", target, names[target], want)
		}
	}
}
