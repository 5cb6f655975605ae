package queue

import "time"

// delay gives the delay after the n-th failure, n from 1, for a random number
// r in [0,1): between a half and the whole of Min*2^(n-1), of Max at most.
func (b Backoff) delay(n int, r float64) time.Duration {
	d := b.Min
	for i := 1; i < n && d < b.Max; i++ {
		if d > b.Max/2 { // doubling would overflow, or pass Max
			d = b.Max
			break
		}
		d *= 2
	}
	d = min(d, b.Max)
	return d/2 + time.Duration(r*float64(d-d/2))
}

// delay gives the delay after the n-th failure of a call that ended with res.
func (o *Options) delay(res Result, n int) time.Duration {
	if (res.Outcome == RetryAfter || res.Outcome == Conflict) && res.After > 0 {
		return res.After
	}
	return o.Backoff.delay(n, o.Rand())
}
