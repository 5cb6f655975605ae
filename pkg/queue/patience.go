package queue

import (
	"math"
	"time"

	"github.com/ancho-dev/ancho/internal/container"
)

// news is what an event means for the retry of failed work.
type news uint8

const (
	noNews  news = iota // of the same generation: the state to deliver, no reason to deliver it sooner
	stir                // a trigger, or a change of an object without generations
	renewal             // a new generation, or the object entered or left the set
)

// newsOf compares an event with the latest that is known of its object.
func (e *Event[P]) newsOf(out bool, generation int64) news {
	switch {
	case e.Type == Unchanged:
		if e.Passed {
			return stir
		}
		return noNews
	case e.Type.out() != out:
		return renewal
	case e.Generation != 0 && e.Generation != generation && (e.Generation > 0 || generation != 0):
		return renewal // also where the generation was unknown: it may be new
	case e.Generation <= 0:
		return stir
	}
	return noNews
}

const (
	// echoWindow is how soon after a failure an event has to come to be taken for an effect of the failed call itself.
	echoWindow = time.Second
	// echoesAllowed is how many retries in a row such events bring forward to the minimum backoff. From then on the
	// minimum doubles with each, so that a callback that writes to its object and fails does not spin for ever.
	echoesAllowed = 30
	// revivalsAtOnce is how many in a row make parked work due at once. Those that follow keep to the minimum backoff.
	revivalsAtOnce = 3
)

// patience is what the next call of an object that failed has to wait for.
type patience struct {
	failed container.Moment // end of the last call that failed
	urged  container.Moment // when a new generation makes work due, or made it last
	echoes int32            // retries in a row that an echo brought forward
	echo   bool             // the retry that waits is one of them
}

// fail is called when a call failed.
func (p *patience) fail(now container.Moment) {
	if p.echo {
		p.echoes++
	} else {
		p.echoes = 0
	}
	p.failed, p.echo = now, false
}

// least is the delay after a failure that no trigger and no change shortens.
func (p *patience) least(b *Backoff) time.Duration {
	d := b.Min
	for i := p.echoes; i >= echoesAllowed && d < b.Max; i-- {
		d = min(2*d, b.Max)
	}
	return d
}

// stir gives when work is due, after a trigger or a change, that is due without it.
func (p *patience) stir(now, due container.Moment, b *Backoff) (sooner container.Moment, brought bool) {
	at, echo := max(now, p.failed.Add(p.least(b))), true
	if now >= p.failed.Add(max(b.Min, echoWindow)) {
		at, echo = now, false
	}
	if at >= due {
		p.echo = p.echo || echo && p.echoes >= echoesAllowed // it is held back
		return due, false
	}
	p.echo = echo
	return at, true
}

// revive gives when parked work is due after a trigger or a change.
func (p *patience) revive(now container.Moment, b *Backoff) container.Moment {
	if p.echoes >= revivalsAtOnce {
		at, _ := p.stir(now, math.MaxInt64, b)
		return at
	}
	p.echo = now < p.failed.Add(max(b.Min, echoWindow))
	return now
}

// urge gives when work is due after a new generation: at once, but not twice within the minimum backoff.
func (p *patience) urge(now container.Moment, b *Backoff) container.Moment {
	p.urged = urged(p.urged, now, b)
	p.echo, p.echoes = false, 0
	return p.urged
}

func urged(last, now container.Moment, b *Backoff) container.Moment {
	if last == container.Never || last > now {
		return max(last, now)
	}
	return max(now, last.Add(b.Min))
}

// restart has the attempts of an item begin again.
func (it *item[P]) restart() {
	it.attempts = 0
	if it.extras != nil {
		it.extras.spared, it.extras.fresh = 0, false
	}
}

// brought observations that something happened to the object of work that had failed before.
func (it *item[P]) brought(that bool) {
	if that && it.attempts > 0 {
		it.extra().fresh = true
	}
}

// renewed reports whether something did.
func (it *item[P]) renewed() bool { return it.extras != nil && it.extras.fresh }

// exhausted reports whether work was tried as often as it may be.
func (it *item[P]) exhausted(res *Result, most int) bool {
	tried := it.attempts
	if it.extras != nil {
		tried -= it.extras.spared
	}
	return most > 0 && !res.Forever && int(tried) >= most
}

// tried counts an attempt that failed.
func (it *item[P]) tried(res *Result) {
	it.attempts++
	if res.Outcome == Conflict {
		it.extra().spared++
	}
}
