package machine

import "time"

const (
	// jitterMax is the longest pause before a watch that was cut is opened again.
	jitterMax = time.Second
	// patience is how many failures without progress are met with less than a backoff.
	patience = 4
	// retryAfterMax bounds what a server can ask for: a wrong number must not silence a stream for a day.
	retryAfterMax = 15 * time.Minute
	// slowly is the pause before what seldom helps is tried again.
	slowly = 10 * time.Minute
)

// backoff counts failures since the stream last made progress, and says how long to wait.
type backoff struct {
	min, max time.Duration
	rand     func() float64
	failures int
}

// progress says that the server does its work: the next failure is a first one.
func (b *backoff) progress() { b.failures = 0 }

// pause counts a failure and returns the wait before the next attempt. It does not return for pauseForever.
func (b *backoff) pause(a action) time.Duration {
	b.failures++
	switch {
	case a.pause == pauseAfter && a.after > 0:
		// Never earlier than asked; later by up to a tenth, as all who were refused were told the same.
		d := min(a.after, retryAfterMax)
		return d + time.Duration(b.rand()*float64(d)/10)
	case a.pause == pauseSlow:
		return slowly + time.Duration(b.rand()*float64(slowly)/10)
	case a.pause == pauseNone && b.failures <= patience:
		return 0
	case a.pause == pauseJitter && b.failures <= patience:
		return time.Duration(b.rand() * float64(jitterMax))
	default:
		return b.grow()
	}
}

// grow is between half of and the whole of min doubled with each failure, up to max.
func (b *backoff) grow() time.Duration {
	d := b.min
	for range b.failures - 1 {
		if d *= 2; d >= b.max {
			d = b.max
			break
		}
	}
	return d/2 + time.Duration(b.rand()*float64(d)/2)
}
