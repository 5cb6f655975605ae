package queue

import (
	"context"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// reused is a payload whose memory is used for something else once its call is done.
type reused struct{ gone bool }

// A payload is not looked at after the call that it was given to is done or dropped, or after it was slimmed, so that whoever made the
// payload can have its memory back then.
func TestPayloadIsOverWithItsCall(t *testing.T) {
	for _, name := range []string{"queue", "in order", "pool"} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(30) {
				synctest.Test(t, func(t *testing.T) { reusePayloads(t, name, rand.New(rand.NewPCG(seed, 1))) })
			}
		})
	}
}

func reusePayloads(t *testing.T, name string, rnd *rand.Rand) {
	t.Helper()
	outcomes := rand.New(rand.NewPCG(rnd.Uint64(), 2))
	calls := 0
	handle := func(_ context.Context, c Call[*reused]) Result {
		time.Sleep(time.Duration(outcomes.IntN(3)) * time.Millisecond)
		if calls++; !c.Bare && c.Payload.gone {
			t.Errorf("%s %s, attempt %d, was given a payload that a call before was done with", c.Type, c.Key, c.Attempt)
		}
		res := Result{Outcome: Outcome(outcomes.IntN(int(Postpone) + 1)), After: time.Duration(outcomes.IntN(5)) * time.Millisecond}
		if !c.Bare && (res.Outcome == Done || res.Outcome == Drop) {
			c.Payload.gone = true
		}
		return res
	}
	o := Options{InOrder: name == "in order", Concurrency: 1, MaxAttempts: 3, Backoff: Backoff{Min: time.Millisecond, Max: 4 * time.Millisecond}}
	var add func(Event[*reused])
	var wake func(Key)
	var run func(context.Context)
	limit := Limit[*reused]{Budget: 4 * CallOverhead, Weight: func(*reused, any) int64 { return CallOverhead }, KeyOnly: func(p *reused) *reused {
		p.gone = true // it is slimmed once, before anything else was done with it
		return &reused{}
	}}
	if name == "pool" {
		p := NewPool(o, handle)
		p.Limit(limit)
		add, wake, run = p.Add, func(Key) {}, p.Run
	} else {
		q := New(o, handle)
		q.Limit(limit)
		add, wake, run = q.Add, func(k Key) { q.Add(triggered[*reused](k, Cause{Via: ViaOwned})) }, q.Run
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); run(ctx) }()
	types := []EventType{Added, Modified, Modified, Deleted, Left}
	for range 400 {
		k := Key{Name: strconv.Itoa(rnd.IntN(3))}
		switch rnd.IntN(6) {
		case 0:
			wake(k)
		case 1:
			time.Sleep(time.Duration(rnd.IntN(6)) * time.Millisecond)
		default:
			add(Event[*reused]{
				Key: k, UID: strconv.Itoa(rnd.IntN(2)), Type: types[rnd.IntN(len(types))], Payload: &reused{},
				Passed: rnd.IntN(3) > 0, Was: rnd.IntN(2) == 0, Generation: int64(rnd.IntN(3)),
			})
		}
	}
	time.Sleep(time.Second)
	cancel()
	<-ended
	if calls < 50 {
		t.Errorf("only %d calls", calls)
	}
}
