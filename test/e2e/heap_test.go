//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ancho-dev/ancho/internal/testenv"
)

const (
	tideNames  = 100_000
	tideSpaces = 10
	tideWarmUp = 1000 // names that come and go before the first measurement

	// What may be left: keeping the identities alone of so many objects would take 8 MB.
	heapMargin = 1 << 20
	// An object at rest, with a name of 32 bytes in a namespace of 16, on one stream that serves two bindings.
	bytesPerObject = 150
)

// admission are plugins that look at every object, and have nothing to say to these.
var admission = []string{
	"ServiceAccount", "LimitRanger", "ResourceQuota", "Priority", "DefaultTolerationSeconds", "MutatingAdmissionWebhook",
	"ValidatingAdmissionWebhook", "MutatingAdmissionPolicy", "ValidatingAdmissionPolicy",
}

// TestHeapAfterManyNames: 100,000 distinct names come and go; a process that watches and reconciles them has
// seen each come and go, and its heap is back where it was.
func TestHeapAfterManyNames(t *testing.T) {
	t.Parallel()
	env := ownCluster(t, testenv.Options{APIServerArgs: []string{
		// What the test is not about costs half of the time.
		"--disable-admission-plugins=" + strings.Join(admission, ","),
		"--enable-priority-and-fairness=false",
	}})
	tide := buildTestdata(t, "tide")
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	must(t, os.WriteFile(kubeconfig, env.Kubeconfig(), 0o600))
	move := func(how string, namespaces, first, count int) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), tide, kubeconfig, how, strconv.Itoa(namespaces), strconv.Itoa(first), strconv.Itoa(count))
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		must(t, cmd.Run())
	}
	p := startProcess(t, buildTestdata(t, "program"), env, "--only", "tide")
	waitUntil(t, "ready", func() bool { code, _ := p.get(t, "/readyz"); return code == 200 })

	begun := time.Now()
	told := func(format string, args ...any) {
		t.Helper()
		t.Logf("%5.1fs  %s", time.Since(begun).Seconds(), fmt.Sprintf(format, args...))
	}
	move("come", tideSpaces, tideNames, tideWarmUp)
	await(t, p, "Added", tideWarmUp)
	move("leave", tideSpaces, tideNames, tideWarmUp)
	await(t, p, "Deleted", tideWarmUp)
	base := liveHeap(t, p)
	told("before: %d bytes", base)

	move("come", tideSpaces, 0, tideNames)
	told("%d names created", tideNames)
	await(t, p, "Added", tideNames+tideWarmUp)
	full := settledHeap(t, p, base+tideNames*bytesPerObject)
	told("all seen: %d bytes, %.0f an object", full, float64(full-base)/tideNames)
	move("leave", tideSpaces, 0, tideNames)
	told("%d names deleted", tideNames)
	await(t, p, "Deleted", tideNames+tideWarmUp)
	told("after: %d bytes", settledHeap(t, p, base+heapMargin))
}

// await waits until both bindings have told of so many distinct names.
func await(t *testing.T, p *process, event string, n int) {
	t.Helper()
	for _, binding := range []string{"watch", "reconcile"} {
		p.out.wait(t, fmt.Sprintf("%s %s %d\n", binding, event, n))
	}
}

var heapAlloc = regexp.MustCompile(`(?m)^# HeapAlloc = (\d+)$`)

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
