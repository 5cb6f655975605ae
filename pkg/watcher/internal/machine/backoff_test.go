package machine

import (
	"testing"
	"time"
)

func newBackoff(random float64) *backoff {
	return &backoff{min: 200 * time.Millisecond, max: 30 * time.Second, rand: func() float64 { return random }}
}

func TestBackoffGrows(t *testing.T) {
	for random, part := range map[float64]float64{0: 0.5, 0.5: 0.75, 0.999999: 1} {
		b := newBackoff(random)
		want := b.min
		for range 100 {
			d := b.pause(action{pause: pauseBackoff})
			if got := d.Seconds() / want.Seconds(); got < part-0.001 || got > part+0.001 {
				t.Fatalf("%v of %v", d, want)
			}
			want = min(want*2, b.max)
		}
		b.progress()
		if d := b.pause(action{pause: pauseBackoff}); d > b.min {
			t.Errorf("%v after progress", d)
		}
	}
}

// What is answered at once, or nearly, is not answered so for ever.
func TestBackoffEndsPatience(t *testing.T) {
	for _, p := range []pause{pauseNone, pauseJitter} {
		b := newBackoff(0)
		for i := range patience {
			if d := b.pause(action{pause: p}); d != 0 {
				t.Errorf("%v at failure %d", d, i)
			}
		}
		if d := b.pause(action{pause: p}); d == 0 {
			t.Error("no end of patience")
		}
	}
}

func TestBackoffRetryAfter(t *testing.T) {
	b := newBackoff(1)
	if d := b.pause(action{pause: pauseAfter, after: 10 * time.Second}); d != 11*time.Second {
		t.Errorf("%v", d)
	}
	b = newBackoff(0)
	if d := b.pause(action{pause: pauseAfter, after: 24 * time.Hour}); d != retryAfterMax {
		t.Errorf("%v", d)
	}
	b = newBackoff(0)
	if d := b.pause(action{pause: pauseAfter}); d != b.min/2 {
		t.Errorf("%v without a Retry-After", d)
	}
}

func TestOptionDefaults(t *testing.T) {
	o := Options{WatchMin: time.Hour, PageLimit: -1}.withDefaults()
	if o.WatchMax != time.Hour || o.PageLimit != DefaultPageLimit || o.BackoffMax != DefaultLongestBackoff || o.Rand == nil || o.Observer == nil {
		t.Errorf("%+v", o)
	}
	if r := o.Rand(); r < 0 || r >= 1 {
		t.Errorf("random %v", r)
	}
}
