package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	names   = 200                   // of each kind; about four in five of them are there at a time
	pace    = 10 * time.Millisecond // between two changes of one kind
	pending = 5 * time.Second       // how long a change may take while the server is away
)

// churn changes the objects of one kind all the time, straight at the server.
type churn struct {
	c      client.Client
	empty  func(name string) client.Object
	random *rand.Rand
}

// churns are one for each kind that the subject watches.
func churns(c client.Client, seed uint64) []*churn {
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: namespace, Name: name} }
	return []*churn{
		{c, func(name string) client.Object { return &corev1.ConfigMap{ObjectMeta: meta(name)} }, rand.New(rand.NewPCG(seed, 1))}, //nolint:gosec // not for secrets
		{c, func(name string) client.Object { return &corev1.Secret{ObjectMeta: meta(name)} }, rand.New(rand.NewPCG(seed, 2))},    //nolint:gosec // not for secrets
	}
}

// run goes on until ctx ends. What fails is not tried again: the server is broken on purpose, and what counts is what it has in the end.
func (w *churn) run(ctx context.Context) {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		// What was begun is finished when ctx ends, so that nothing changes any more afterwards.
		one, cancel := context.WithTimeout(context.WithoutCancel(ctx), pending)
		_ = w.step(one, fmt.Sprintf("o-%d", w.random.IntN(names)), n)
		cancel()
	}
}

// step does one thing to an object: creates, changes, relabels, deletes, or deletes and creates it.
func (w *churn) step(ctx context.Context, name string, n int) error {
	what := w.random.IntN(10)
	o := w.empty(name)
	err := w.c.Get(ctx, client.ObjectKeyFromObject(o), o)
	if client.IgnoreNotFound(err) != nil {
		return err
	}
	if err == nil && what < 2 {
		if err := w.c.Delete(ctx, o); err != nil || what == 0 {
			return err
		}
	}
	if apierrors.IsNotFound(err) || what < 2 {
		o = w.empty(name)
		if n%2 == 0 {
			o.SetLabels(map[string]string{inLabel: ""})
		}
		return w.c.Create(ctx, o)
	}
	if what < 4 {
		relabel(o)
	}
	o.SetAnnotations(map[string]string{"n": fmt.Sprint(n)})
	return w.c.Update(ctx, o)
}

func relabel(o client.Object) {
	if _, ok := o.GetLabels()[inLabel]; ok {
		o.SetLabels(nil)
		return
	}
	o.SetLabels(map[string]string{inLabel: ""})
}

// state is what the server has, for each of the subject's bindings: UIDs and resourceVersions.
func state(ctx context.Context, c client.Client) (map[string]map[types.UID]string, error) {
	out := map[string]map[types.UID]string{}
	for binding, list := range map[string]client.ObjectList{
		latest: &corev1.ConfigMapList{}, ordered: &corev1.ConfigMapList{}, riding: &corev1.ConfigMapList{}, selected: &corev1.SecretList{},
	} {
		opts := []client.ListOption{client.InNamespace(namespace)}
		if binding == riding || binding == selected {
			opts = append(opts, client.HasLabels{inLabel})
		}
		if err := c.List(ctx, list, opts...); err != nil {
			return nil, fmt.Errorf("what the server has: %w", err)
		}
		there := map[types.UID]string{}
		switch l := list.(type) {
		case *corev1.ConfigMapList:
			for i := range l.Items {
				there[l.Items[i].UID] = l.Items[i].ResourceVersion
			}
		case *corev1.SecretList:
			for i := range l.Items {
				there[l.Items[i].UID] = l.Items[i].ResourceVersion
			}
		}
		out[binding] = there
	}
	return out, nil
}
