// Leader is a controller whose replicas elect a leader. It writes a line when a callback begins and when it ends, with the
// object and the time in nanoseconds, so that a test can see whether calls of two replicas overlap.
package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/ancho-dev/ancho"
	"github.com/ancho-dev/ancho/pkg/capability"
	"github.com/ancho-dev/ancho/pkg/kind"
)

func main() { ancho.Main(busy) }

// The names of objects say what their callbacks do.
const (
	held     = "held-"     // until they are cancelled
	stubborn = "stubborn-" // for ever
)

// busy calls for each object again and again.
func busy(capability.Env) *capability.Capability {
	return capability.New("busy", capability.When(kind.ConfigMap).WithLabel("e2e", "leader").Concurrency(20).Reconcile(work))
}

func work(ctx context.Context, e capability.Event[*corev1.ConfigMap]) error {
	name := e.Object.Name
	say := func(what string) { fmt.Println(what, name, time.Now().UnixNano()) }
	say("begin")
	defer say("end")
	switch {
	case strings.HasPrefix(name, held):
		<-ctx.Done()
		fmt.Println("cancelled", name, context.Cause(ctx))
		return ctx.Err()
	case strings.HasPrefix(name, stubborn):
		select {}
	}
	select {
	case <-time.After(30 * time.Millisecond):
	case <-ctx.Done():
		return ctx.Err()
	}
	return capability.RequeueAfter(time.Millisecond)
}
