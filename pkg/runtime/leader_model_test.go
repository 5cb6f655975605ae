package runtime

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"

	"github.com/ancho-dev/ancho/pkg/capability"
)

// TestLeadersNeverOverlap has replicas come, stop and lose the server in all ways, and looks whether callbacks of two ever
// run at once. Their callbacks are as slow to return as they may be.
func TestLeadersNeverOverlap(t *testing.T) {
	var handovers atomic.Int32
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.IntRange(0, 5), 10, 40).Draw(rt, "steps")
		pauses := rapid.SliceOfN(rapid.IntRange(1, 20_000), len(steps), len(steps)).Draw(rt, "pauses")
		var failed string
		synctest.Test(t, func(t *testing.T) { failed = overlap(t, steps, pauses, &handovers) })
		if failed != "" {
			rt.Fatal(failed)
		}
	})
	if handovers.Load() == 0 {
		t.Error("nobody led after another, so that this test shows nothing")
	}
}

func overlap(t *testing.T, steps, pauses []int, handovers *atomic.Int32) (failed string) {
	t.Helper()
	c := newCluster(t)
	c.create("one")
	var running atomic.Int32 // number of the replica that calls; 0: none does
	var last atomic.Int32
	var seen atomic.Pointer[string]
	number := int32(0)
	add := func() *replica {
		number++
		me := number
		return c.replica(fmt.Sprint("r", me), func(ctx context.Context, _ capability.Event[*corev1.ConfigMap]) error {
			if other := running.Swap(me); other != 0 {
				text := fmt.Sprintf("%d called while %d did", me, other)
				seen.Store(&text)
			}
			if was := last.Swap(me); was != 0 && was != me {
				handovers.Add(1)
			}
			defer running.CompareAndSwap(me, 0)
			select {
			case <-time.After(700 * time.Millisecond):
			case <-ctx.Done():
				time.Sleep(lastChance - time.Millisecond)
			}
			return capability.RequeueAfter(10 * time.Millisecond)
		})
	}
	replicas := []*replica{add(), add(), add()}
	faults := []func(*http.Request) (*http.Response, error){refuseAll, hangs, forbids(http.MethodPut), nil}
	for i, step := range steps {
		which := pauses[i] % len(replicas)
		r := replicas[which]
		if ended, _ := r.over(); ended {
			replicas[which] = add()
			continue
		}
		switch step {
		case 0:
			r.term()
		default:
			r.cable.set(faults[step%len(faults)])
		}
		time.Sleep(time.Duration(pauses[i]) * time.Millisecond)
	}
	for _, r := range replicas {
		r.cable.set(nil)
		_ = r.stop()
	}
	synctest.Wait()
	if text := seen.Load(); text != nil {
		return *text
	}
	return ""
}
