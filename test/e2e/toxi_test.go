//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/runtime"
)

// seedEnv replays the faults and the changes of a run of TestNetworkFaults. The moments at which they meet are the
// machine's, and the proxy's own dice are not replayed.
const seedEnv = "ANCHO_E2E_SEED"

func seed(t *testing.T) uint64 {
	t.Helper()
	n := uint64(time.Now().UnixNano())
	if v := os.Getenv(seedEnv); v != "" {
		var err error
		n, err = strconv.ParseUint(v, 10, 64)
		must(t, err)
	}
	t.Logf("%s=%d", seedEnv, n)
	return n
}

// TestNetworkFaults: whatever the network does, what was handled last is what the server has in the end, and the way
// there keeps the promises. One selection is the server's, where what left cannot be told from what was deleted; of the
// custom kind all there is in the namespace is watched.
func TestNetworkFaults(t *testing.T) {
	t.Parallel()
	const times, changes = 3, 40 // that each of the faults comes, and while it lasts
	env := cluster(t)
	c := newClient(t, env.Config)
	gvk := schema.GroupVersionKind{Group: "faults.example.com", Version: "v1", Kind: "Gadget"}
	serve(t, env.Config, custom{kind: gvk, plural: "gadgets"})
	ns, other := newNamespace(t, c), newNamespace(t, c)
	random := rand.New(rand.NewPCG(seed(t), 0))

	cfg, network := faulty(t, env.Config)
	var latest, watched calls[*corev1.ConfigMap]
	var gadgets, ordered calls[*unstructured.Unstructured]
	maps := capability.When(kind.ConfigMap).InNamespace(ns).WithLabel(inLabel).IsCreatedOrUpdated().IsDeleted().HasLeft()
	all := capability.When(kind.Unstructured(gvk)).InNamespace(ns).IsCreatedOrUpdated().IsDeleted()
	p := run(t, cfg, runtime.Options{},
		maps.Alias("latest").Reconcile(latest.handle),
		maps.Alias("watched").Concurrency(1).Watch(watched.handle),
		all.Alias("gadgets").Reconcile(gadgets.handle),
		all.Alias("ordered").Concurrency(1).Watch(ordered.handle))
	p.ready(t)

	overMaps := newRestless(c, corev1.SchemeGroupVersion.WithKind("ConfigMap"), random, ns, other)
	overGadgets := newRestless(c, gvk, random, ns, other)
	stopMaps, stopGadgets := overMaps.start(t), overGadgets.start(t)
	for _, f := range faults(random) {
		for range times {
			network.suffer(t, f)
			overMaps.more(t, changes)
			overGadgets.more(t, changes)
		}
		t.Logf("%s: %d connections so far", f, network.dials.Load())
	}
	network.suffer(t, fault{})
	stopMaps()
	stopGadgets()

	equal(t, "latest", &latest, overMaps, ns, labelledIn)
	equal(t, "watched", &watched, overMaps, ns, labelledIn)
	equal(t, "gadgets", &gadgets, overGadgets, ns, whatever)
	equal(t, "ordered", &ordered, overGadgets, ns, whatever)
	if n := p.metric(t, "ancho_stream_relists_total"); n != 0 {
		t.Errorf("%v snapshots were read again although the server remembers everything", n)
	}
	wantEveryState(t, "ordered", ordered.list(), overGadgets, ns)
	p.ready(t)
	if n := p.metric(t, "ancho_stream_reconnects_total"); n < float64(len(faults(random))) {
		t.Errorf("%v watches were opened again, so that this test shows nothing", n)
	}
}

// fault is what the network does for a while: nothing, one thing or several.
type fault []toxic

func (f fault) String() string { return fmt.Sprint([]toxic(f)) }

// faults are all of them, each in both directions, then some together, in an order and with numbers of the seed's.
// Where a fault would keep every connection from working, half of them are spared.
func faults(random *rand.Rand) []fault {
	between := func(low, high int) int { return low + random.IntN(high-low) }
	late := func(stream string) toxic {
		return toxic{"latency", stream, 1, attributes{"latency": between(10, 60), "jitter": between(5, 40)}}
	}
	sliced := func(stream string) toxic {
		return toxic{"slicer", stream, 1, attributes{"average_size": between(40, 400), "size_variation": between(1, 30), "delay": between(0, 200)}}
	}
	silent := func(stream string) toxic {
		return toxic{"timeout", stream, 0.5, attributes{"timeout": between(50, 400)}}
	}
	reset := func(stream string) toxic {
		return toxic{"reset_peer", stream, 0.5, attributes{"timeout": between(0, 200)}}
	}
	limited := func(stream string) toxic { // the handshake alone takes 2 to 3 kB
		return toxic{"limit_data", stream, 1, attributes{"bytes": between(4_000, 40_000)}}
	}
	all := []fault{
		{late(down), sliced(up)},
		{late(up), limited(down)},
		{sliced(down), reset(up), limited(down)},
		{late(down), late(up), silent(down), reset(down)},
	}
	for _, one := range []func(string) toxic{late, sliced, silent, reset, limited} {
		all = append(all, fault{one(down)}, fault{one(up)})
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}
