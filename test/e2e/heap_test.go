//go:build e2e

package e2e

import (
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/ancho-dev/ancho/internal/testenv"
)

const (
	tideNames  = 100_000
	tideSpaces = 10
	tideWarmUp = 1000 // names that come and go before the first measurement

	// What may be left: keeping the identities alone of so many objects would take 15 MB.
	heapMargin = 3 << 20
	// An object at rest: about 150 bytes, and the room that a growing map has to spare.
	bytesPerObject = 400
)

// TestHeapAfterManyNames: 100,000 distinct names come and go; a process that watches and reconciles them has
// seen each come and go, and its heap is back where it was.
func TestHeapAfterManyNames(t *testing.T) {
	t.Parallel()
	env := ownCluster(t, testenv.Options{APIServerArgs: []string{"--delete-collection-workers=8", "--request-timeout=10m"}})
	cfg := rest.CopyConfig(env.Config)
	cfg.ContentType = apiruntime.ContentTypeProtobuf
	c, err := kubernetes.NewForConfig(cfg)
	must(t, err)
	p := startProcess(t, buildProgram(t), env, "--only", "tide")
	waitUntil(t, "ready", func() bool { code, _ := p.get(t, "/readyz"); return code == 200 })

	begun := time.Now()
	told := func(format string, args ...any) {
		t.Helper()
		t.Logf("%5.1fs  %s", time.Since(begun).Seconds(), fmt.Sprintf(format, args...))
	}
	come(t, c, "warm", tideNames, tideWarmUp)
	await(t, p, "Added", tideWarmUp)
	leave(t, c, "warm")
	await(t, p, "Deleted", tideWarmUp)
	base := liveHeap(t, p)
	told("before: %d bytes", base)

	var wg sync.WaitGroup
	share := tideNames / tideSpaces
	for i := range tideSpaces {
		wg.Go(func() { come(t, c, fmt.Sprintf("tide-%d", i), i*share, share) })
	}
	wg.Wait()
	told("%d names created", tideNames)
	await(t, p, "Added", tideNames+tideWarmUp)
	full := settledHeap(t, p, base+tideNames*bytesPerObject)
	told("all seen: %d bytes, %.0f an object", full, float64(full-base)/tideNames)
	for i := range tideSpaces {
		wg.Go(func() { leave(t, c, fmt.Sprintf("tide-%d", i)) })
	}
	wg.Wait()
	told("%d names deleted", tideNames)
	await(t, p, "Deleted", tideNames+tideWarmUp)
	told("after: %d bytes", settledHeap(t, p, base+heapMargin))
}

// come creates ConfigMaps of numbered names in a new namespace, by several clients at once.
func come(t *testing.T, c kubernetes.Interface, namespace string, first, n int) {
	t.Helper()
	ctx := t.Context()
	if _, err := c.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{}); err != nil {
		t.Error(err)
		return
	}
	var next atomic.Int64
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				cm := labelled(namespace, fmt.Sprintf("n-%06d", first+i), map[string]string{"e2e": "tide"})
				if _, err := c.CoreV1().ConfigMaps(namespace).Create(ctx, cm, metav1.CreateOptions{}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	clients.Wait()
}

// leave deletes all ConfigMaps of a namespace.
func leave(t *testing.T, c kubernetes.Interface, namespace string) {
	t.Helper()
	err := c.CoreV1().ConfigMaps(namespace).DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{})
	if err != nil {
		t.Error(err)
	}
}

// await waits until both bindings have told of so many distinct names.
func await(t *testing.T, p *process, event string, n int) {
	t.Helper()
	for _, binding := range []string{"watch", "reconcile"} {
		p.out.wait(t, fmt.Sprintf("%s %s %d\n", binding, event, n))
	}
}

var heapAlloc = regexp.MustCompile(`(?m)^# HeapAlloc = ([0-9]+)$`)

// liveHeap is what the program's heap holds after collecting garbage.
func liveHeap(t *testing.T, p *process) (bytes int) {
	t.Helper()
	for range 3 { // what a pool or a finalizer holds lives through the first
		code, text := p.get(t, "/debug/pprof/heap?gc=1&debug=1")
		found := heapAlloc.FindStringSubmatch(text)
		if code != 200 || found == nil {
			t.Fatalf("no heap profile: status %d", code)
		}
		var err error
		bytes, err = strconv.Atoi(found[1])
		must(t, err)
	}
	return bytes
}

// settledHeap waits until the heap is no larger than that: the last callbacks may just be ending.
func settledHeap(t *testing.T, p *process, most int) (bytes int) {
	t.Helper()
	waitUntil(t, fmt.Sprintf("a heap of %d bytes at most", most), func() bool {
		bytes = liveHeap(t, p)
		return bytes <= most
	})
	return bytes
}
