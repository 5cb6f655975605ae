package queue_test

import (
	"context"
	"fmt"
	"time"

	"github.com/ancho-dev/ancho/pkg/queue"
)

// A queue makes one call for all that happened to an object while the last ran.
func Example() {
	started, finish := make(chan struct{}, 2), make(chan struct{})
	q := queue.New(queue.Options{Timeout: time.Minute}, func(_ context.Context, c queue.Call[string]) queue.Result {
		fmt.Printf("%s %s: %s, merged %d\n", c.Type, c.Key, c.Payload, c.Merged)
		started <- struct{}{}
		<-finish
		return queue.Result{}
	})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		q.Run(context.Background())
	}()

	shop := queue.Key{Namespace: "demo", Name: "shop"}
	q.Add(queue.Event[string]{Key: shop, UID: "1", Type: queue.Added, Payload: "one replica", Passed: true})
	<-started
	for _, state := range []string{"two replicas", "three replicas"} {
		q.Add(queue.Event[string]{Key: shop, UID: "1", Type: queue.Modified, Payload: state, Passed: true, Was: true})
	}
	close(finish)
	<-started

	_ = q.WaitIdle(context.Background())
	q.Shutdown()
	<-ended
	// Output:
	// Added demo/shop: one replica, merged 0
	// Modified demo/shop: three replicas, merged 1
}
