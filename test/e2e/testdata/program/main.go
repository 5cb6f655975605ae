// Program is a controller as users build it, for the tests that need a process of its own: to send it signals,
// and to look at its heap. It tells what it does on standard output, a line each.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ancho-dev/ancho"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

func main() { ancho.Main(slow, tide) }

type event = capability.Event[*corev1.ConfigMap]

// slow holds up each callback until standard input ends, then writes to the object.
func slow(env capability.Env) *capability.Capability {
	released := sync.OnceValue(func() <-chan struct{} {
		c := make(chan struct{})
		go func() {
			defer close(c)
			_, _ = io.Copy(io.Discard, os.Stdin)
		}()
		return c
	})
	work := func(ctx context.Context, e event) error {
		fmt.Println("begin", e.Object.Name)
		select {
		case <-released():
		case <-ctx.Done():
			fmt.Println("cancelled", e.Object.Name, context.Cause(ctx))
			return ctx.Err()
		}
		before := e.Object.DeepCopy()
		e.Object.Data = map[string]string{"done": "yes"}
		if err := env.Client.Patch(ctx, e.Object, client.MergeFrom(before)); err != nil {
			return err
		}
		fmt.Println("end", e.Object.Name)
		return nil
	}
	return capability.New("slow", capability.When(kind.ConfigMap).WithLabel("e2e", "slow").Concurrency(8).Reconcile(work))
}

// tide counts the names that come and go.
func tide(capability.Env) *capability.Capability {
	// Names are filtered here: a selection by label would cost a live read for each deletion.
	maps := capability.When(kind.ConfigMap).WithNameRegex("^n-").IsCreatedOrUpdated().IsDeleted()
	return capability.New("tide", maps.Watch(newTally("watch").see), maps.Reconcile(newTally("reconcile").see))
}

const (
	names = 101_000
	step  = 500 // how often the tally is told
)

// tally keeps a bit for each name, so that it is no part of what the test measures.
type tally struct {
	binding string

	mu    sync.Mutex
	seen  map[capability.EventType][]uint64
	count map[capability.EventType]int
}

func newTally(binding string) *tally {
	t := &tally{binding: binding, seen: map[capability.EventType][]uint64{}, count: map[capability.EventType]int{}}
	for _, typ := range []capability.EventType{capability.Added, capability.Deleted} {
		t.seen[typ] = make([]uint64, names/64+1)
	}
	return t
}

func (t *tally) see(_ context.Context, e event) error {
	n, err := strconv.Atoi(strings.TrimPrefix(e.Object.Name, "n-"))
	if err != nil || n < 0 || n >= names {
		return capability.Permanent(fmt.Errorf("not a name of the test: %w", err))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	bits := t.seen[e.Type]
	if bits == nil || bits[n/64]&(1<<(n%64)) != 0 {
		return nil
	}
	bits[n/64] |= 1 << (n % 64)
	if t.count[e.Type]++; t.count[e.Type]%step == 0 {
		fmt.Println(t.binding, e.Type, t.count[e.Type])
	}
	return nil
}
