package queue

import (
	"math"
	"testing"
	"time"
)

func TestBackoffDelay(t *testing.T) {
	b := Backoff{Min: time.Second, Max: 10 * time.Second}
	tests := []struct {
		n    int
		r    float64
		want time.Duration
	}{
		{1, 0, 500 * time.Millisecond},
		{1, 1, time.Second},
		{2, 0.5, 1500 * time.Millisecond},
		{4, 1, 8 * time.Second},
		{5, 1, 10 * time.Second},
		{5, 0, 5 * time.Second},
		{1 << 30, 1, 10 * time.Second},
	}
	for _, tt := range tests {
		if got := b.delay(tt.n, tt.r); got != tt.want {
			t.Errorf("delay %d with %v: %s, want %s", tt.n, tt.r, got, tt.want)
		}
	}
	if got := (Backoff{Min: 1, Max: math.MaxInt64}).delay(100, 0); got != math.MaxInt64/2 {
		t.Errorf("near the limit: %d", got)
	}
}

func TestDefaults(t *testing.T) {
	o := Options{Backoff: Backoff{Min: time.Hour}}.withDefaults()
	if o.Concurrency != DefaultConcurrency || o.Backoff.Max != time.Hour {
		t.Errorf("concurrency %d, backoff %+v", o.Concurrency, o.Backoff)
	}
	if o = (Options{}).withDefaults(); o.Backoff != (Backoff{Min: DefaultBackoffMin, Max: DefaultBackoffMax}) {
		t.Errorf("backoff %+v", o.Backoff)
	}
	if r := o.Rand(); r < 0 || r >= 1 {
		t.Errorf("random number %v", r)
	}
}

func TestNames(t *testing.T) {
	tests := map[string]string{
		PerObject.String():    "PerObject",
		PerNamespace.String(): "PerNamespace",
		PerKind.String():      "PerKind",
		Global.String():       "Global",
		Strategy(9).String():  "Strategy(9)",
		Done.String():         "done",
		Requeue.String():      "requeue",
		Retry.String():        "retry",
		RetryAfter.String():   "retry_after",
		Permanent.String():    "permanent",
		Drop.String():         "drop",
		Outcome(9).String():   "outcome(9)",
		key("a/x").String():   "a/x",
		key("x").String():     "x",
		(&TimeoutError{Timeout: time.Minute}).Error(): "the call ran longer than its timeout of 1m0s",
	}
	for got, want := range tests {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestLocks(t *testing.T) {
	var none *Locks
	id := lockID{scope: "pods", key: key("a/x")}
	for range 2 {
		if !none.try(id, nil) {
			t.Error("no locks, and yet one is held")
		}
	}
	none.unlock(id)
	l := NewLocks()
	l.unlock(id) // not held: nothing
	var a, b told
	if !l.try(id, &a) || l.try(id, &a) || l.try(id, &b) || l.try(id, &b) {
		t.Error("held by more than one")
	}
	l.unlock(id)
	if a != 1 || b != 1 {
		t.Errorf("told %d and %d times, want once each", a, b)
	}
	if !l.try(id, &b) {
		t.Error("free, and yet held")
	}
}

type told int

func (n *told) unlocked(Key) { *n++ }
