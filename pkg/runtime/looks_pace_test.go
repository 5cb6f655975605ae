package runtime

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/existence"
)

// paced runs test with a rig whose looks go to the world, and objects that are all known.
func paced(t *testing.T, w *world, n int, test func(depart func(i int))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w.uids = map[queue.Key]string{}
		r := newRigOn(t, w, funcr.New(func(string, string) {}, funcr.Options{}), goers()[:1]...)
		ctx, cancel := context.WithCancel(t.Context())
		stopped := r.looks.Run(ctx)
		all := make([]*corev1.ConfigMap, n)
		for i := range n {
			all[i] = aMap(fmt.Sprintf("u-%d", i), "1", labelled("yes"))
			all[i].Name = fmt.Sprintf("n-%d", i)
			if i%2 == 0 {
				w.uids[queue.Key{Namespace: "ns", Name: all[i].Name}] = string(all[i].UID)
			}
			r.upsert(all[i], false)
		}
		test(func(i int) { r.gone(all[i], true) })
		synctest.Wait()
		if got := r.told(0); got[queue.Left] != (n+1)/2 || got[queue.Deleted] != n/2 {
			t.Errorf("told %v of %d", got, n)
		}
		r.nothingOpen()
		if _, _, reads := r.looks.Remembered(); reads > 0 {
			t.Errorf("%d reads are remembered when nothing is open", reads)
		}
		cancel()
		stopped()
	})
}

// Objects depart at the pace at which they are read, so that there are never many at once: a list comes all the same.
func TestDeparturesAsFastAsTheyAreRead(t *testing.T) {
	w := &world{}
	const n = 2 * existence.Together
	paced(t, w, n, func(depart func(i int)) {
		w.hang = make(chan struct{})
		depart(0)
		for i := 1; i < existence.Together; i++ {
			depart(i)
			synctest.Wait()
			w.hang <- struct{}{} // one is answered for one that comes
		}
		synctest.Wait()
		reads, lists := w.asked()
		if reads != existence.Together-1 || !slices.Equal(lists, []string{"ns"}) {
			t.Errorf("%d reads and %q listed, want %d and one list", reads, lists, existence.Together-1)
		}
		close(w.hang)
		for i := existence.Together; i < n; i++ {
			depart(i)
		}
	})
}

// While a list is under way, later departures of its namespace wait for the next one, and those of another do not.
func TestDeparturesDuringAList(t *testing.T) {
	w := &world{}
	const n = 3 * existence.Together
	paced(t, w, n, func(depart func(i int)) {
		w.hangLists = make(chan struct{})
		w.mu.Lock() // no read returns before all are due
		for i := range existence.Together + existence.AtOnce {
			depart(i)
		}
		w.mu.Unlock()
		synctest.Wait()
		reads, _ := w.asked()
		for i := existence.Together + existence.AtOnce; i < n; i++ {
			depart(i)
			synctest.Wait()
		}
		if more, lists := w.asked(); more > 0 || len(lists) > 0 {
			t.Errorf("%d reads, %q listed while a list is under way after %d reads", more, lists, reads)
		}
		close(w.hangLists)
		synctest.Wait()
		if more, lists := w.asked(); more > 0 || !slices.Equal(lists, []string{"ns", "ns"}) {
			t.Errorf("%d reads, %q listed, want the list and a second one", more, lists)
		}
	})
}
