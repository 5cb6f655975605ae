package model

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/capability"
)

// call is what a callback was called with, and how that ended.
type call struct {
	typ              capability.EventType
	key              string
	uid              types.UID
	rv               uint64
	initial, partial bool
	attempt, merged  int
	causes           []capability.Cause
	stamp, content   string
	app, note        string
	cleanup          bool  // what was called is the clean-up
	old              *told // Event.Old
	at               int   // the moment when it began

	life    *life
	first   bool // of its event, as far as the model can tell
	answer  answer
	outcome outcome
	began   time.Time
	ended   time.Time
}

func (c *call) String() string {
	flags := ""
	if c.cleanup {
		flags = " clean-up"
	}
	if c.initial {
		flags += " initial"
	}
	if c.partial {
		flags += " partial"
	}
	return fmt.Sprintf("%s of %s (%s at %d)%s attempt %d merged %d, %s, %s", c.typ, c.key, c.uid[:4], c.rv, flags, c.attempt, c.merged,
		c.answer, c.outcome)
}

// woken says whether a trigger is among the reasons.
func (c *call) woken() bool {
	return slices.ContainsFunc(c.causes, func(why capability.Cause) bool {
		return why.Via == capability.ViaOwned || why.Via == capability.ViaUsed || why.Via == capability.ViaMapped
	})
}

// is says whether the call is for an object that is in the set.
func (c *call) is() bool { return c.typ != capability.Deleted && c.typ != capability.Left }

// track is what a binding was told of one object.
type track struct {
	last      *call // that started
	told      bool  // by calls that did not fail: it is in the set
	in        bool  // by calls that started
	presentRV uint64
	doneRV    uint64                       // of a call that did not fail
	states    map[uint64]bool              // that were told
	overtaken int                          // events since the last calm whose calls carried a newer state, of a live read
	outs      map[capability.EventType]int // calls that were the first for a Deleted or Left
	events    map[event]*call              // the last call of each event
	cleaned   bool                         // the clean-up has succeeded
	calls     []*call                      // that started
}

// event stands for one event of one object.
type event struct {
	rv  uint64
	typ capability.EventType // Modified for whatever is in the set
}

func (c *call) event() event {
	if c.typ == capability.Added {
		return event{c.rv, capability.Modified}
	}
	return event{c.rv, c.typ}
}

// bound is a binding of a program that runs or ran.
type bound struct {
	*spec
	p       *program
	running map[*call]bool
	plans   map[string][]answer // by key: what the next calls do
	tracks  map[types.UID]*track
	newest  map[string]*life // by key: told of last
	free    chan struct{}    // closed when callbacks that hang are let go
	known   map[types.UID]knowledge
	reader  kept // of a binding with Cached
}

func newBound(s *spec, p *program) *bound {
	return &bound{
		spec: s, p: p, running: map[*call]bool{}, plans: map[string][]answer{}, tracks: map[types.UID]*track{},
		newest: map[string]*life{}, free: make(chan struct{}), known: map[types.UID]knowledge{},
	}
}

func (b *bound) track(uid types.UID) *track {
	if b.tracks[uid] == nil {
		b.tracks[uid] = &track{states: map[uint64]bool{}, outs: map[capability.EventType]int{}, events: map[event]*call{}}
	}
	return b.tracks[uid]
}

// handle is the callback of the binding.
func (b *bound) handle(ctx context.Context, c *call) error {
	w := b.p.w
	w.mu.Lock()
	c.began, c.at = time.Now(), w.truth.tick()
	if plan := b.plans[c.key]; len(plan) > 0 {
		c.answer, b.plans[c.key] = plan[0], plan[1:]
	}
	b.begin(c)
	b.running[c] = true
	w.calls++
	free := b.free
	w.mu.Unlock()

	err := c.answer.give(ctx, free)

	w.mu.Lock()
	c.ended, c.outcome = time.Now(), b.outcomeOf(c.answer, err, c.attempt)
	if c.cleanup && c.outcome == givenUp {
		c.outcome = failed // it is tried for ever
	}
	delete(b.running, c)
	if t := b.tracks[c.uid]; t != nil && (c.outcome == succeeded || c.outcome == asked) {
		t.told = c.is()
		if t.told {
			t.doneRV = max(t.doneRV, c.rv)
		}
		if c.cleanup && c.outcome == succeeded {
			t.cleaned, w.cleaned[cleanUp{c.uid, b.finalizer}] = true, true
		}
	}
	w.logf("%s %s: end of %s", time.Now().Format(clock), b.id(), c)
	w.mu.Unlock()
	if c.answer == panics {
		panic("as told")
	}
	return err
}

// release lets go of callbacks that hang. The world's lock is held.
func (b *bound) release() {
	close(b.free)
	b.free = make(chan struct{})
}
