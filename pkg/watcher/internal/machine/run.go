package machine

import (
	"context"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/firsts"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/index"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

// machine is the state machine of a stream; all of it belongs to who has its turn. It makes one request at a time, asks
// classify what the outcome means, and does that.
type machine struct {
	*Stream
	turn  turn
	index *index.Index
	back  backoff
	timer *time.Timer

	next    request
	why     report.Reason // of the snapshot that is next or being read
	rv      string        // to resume from
	heard   time.Time
	absent  time.Time // since when every answer has been that no version of the resource is served; zero: it is not
	pages   pages
	polling bool
	pollWhy report.Reason
	retest  retest        // of polling
	synced  bool          // a snapshot was complete
	gone    bool          // since then the resource was not served for so long that its objects count as deleted
	seeded  bool          // the index was not empty at first
	wanted  report.Reason // why a snapshot is to be read although the watch is open; empty: none is
	live    bool          // the last object came in a watch, not in a snapshot

	// of the snapshot that is being read
	listOnly   bool  // read it as a list
	refused    bool  // because the server cannot stream it, which is remembered if the list works
	tries      int   // attempts that were cut off
	incomplete bool  // a frame was skipped whose key is not known: nothing can be said to be gone
	proof      proof // whether to believe it

	last  signature // of the last failure
	again int       // how often it happened in a row before
	stuck place     // where watches fail

	unserved bool         // an optional resource is not served, and the log says so
	reported firsts.Texts // keys of frames that did not decode, and are in the log
	blocked  blockedLog
	health   health
}

// place is a resourceVersion that watches fail at.
type place struct {
	rv    string
	times int
}

// signature tells failures apart.
type signature struct {
	what   happening
	ask    request
	code   int32
	reason string
}

func (m *machine) init(s *Stream) {
	m.Stream = s
	m.turn = newTurn()
	m.turn.take()
	m.index = s.o.Seed
	if m.index == nil {
		m.index = index.NewIndex(s.o.Words)
	}
	m.seeded = m.index.Len() > 0
	if index.ReadsDifferently(s.target.Resource) {
		m.index.KeepContent()
	}
	m.back = backoff{min: s.o.BackoffMin, max: s.o.BackoffMax, rand: s.o.Rand}
	m.why = report.ReasonStart
}

// run is the life of the stream.
func (m *machine) run(ctx context.Context) {
	m.timer = time.NewTimer(time.Hour)
	defer m.timer.Stop()
	m.heard = time.Now()
	m.prepareSnapshot()
	m.enterSnapshot()
	for ctx.Err() == nil {
		in, end := m.perform(ctx)
		if ctx.Err() != nil {
			break
		}
		m.absence(&in)
		m.count(&in)
		m.apply(ctx, in, end)
	}
	m.enter(report.Stopped, "", "", time.Time{})
}

// perform makes the next request and follows it to its end.
func (m *machine) perform(ctx context.Context) (input, *ending) {
	ctx = m.asking(ctx)
	switch m.next {
	case askSnapshot:
		return m.readSnapshot(ctx)
	case askList:
		return m.readPage(ctx)
	case askHead:
		return m.readHead(ctx)
	case askDiscovery:
		return m.discover(ctx)
	default:
		return m.watch(ctx)
	}
}

// count fills in what went before. What is routine is not counted.
func (m *machine) count(in *input) {
	in.tries, in.synced, in.polling = m.tries, m.synced, m.polling
	in.page, in.failures, in.empty = m.pages.done, m.back.failures, m.health.empty
	in.retest = m.polling && m.retest.due()
	in.noVersion = m.polling && m.pollWhy == report.ReasonNoVersion
	m.countPlace(in)
	switch in.what {
	case gotPage, gotSnapshot, gotHead, gotDiscovery, gotWanted:
		return
	case gotEnd:
		if in.ask == askWatch && in.frames > 0 && in.lived >= shortWatch {
			m.last = signature{}
			return
		}
	default:
	}
	sig := signature{what: in.what, ask: in.ask, code: in.code, reason: string(in.status)}
	if sig == m.last {
		m.again++
	} else {
		m.last, m.again = sig, 0
	}
	in.again = m.again
}

// countPlace counts refusals of watches from the same resourceVersion, whatever they say (rule 57). Those that say
// nothing of the place do not count.
func (m *machine) countPlace(in *input) {
	if in.ask != askWatch || !in.aboutPlace() {
		return
	}
	if m.stuck.rv != m.rv {
		m.stuck = place{rv: m.rv}
	}
	in.here = m.stuck.times
	m.stuck.times++
}

// progress forgets past failures: the server does its work.
func (m *machine) progress() {
	m.last, m.again, m.stuck = signature{}, 0, place{}
	m.back.progress()
}

// apply does what classify says.
func (m *machine) apply(ctx context.Context, in input, end *ending) {
	a := classify(in)
	if a.do == doNextMedia && !m.server.RefuseMedia(m.target.Resource, end.media) {
		in.noMedia = true
		a = classify(in)
	}
	switch a.do {
	case doNextPage:
		m.pages.next(end.list.Continue)
		m.pausePages(ctx)
		return
	case doFinish:
		m.finish(end.list.ResourceVersion)
		m.show(report.Resuming, m.why)
		return
	case doFinishAndPoll:
		m.finish(end.list.ResourceVersion)
		m.poll(ctx, a.reason)
		return
	case doFinishAndRetest:
		m.finish(end.list.ResourceVersion)
		m.polling = false
		m.retest.begun()
		return // to a watch
	case doPoll:
		m.poll(ctx, a.reason)
		return
	case doDiscover:
		m.next = askDiscovery
		return
	case doResume:
		m.next = askWatch
		m.o.Observer.Reconnect(a.reason)
	case doCheckRollback:
		m.next = askHead
	case doForget, doAwait:
		m.lose(a.do == doForget)
	case doRelist, doFallback, doRestartPages:
		m.restart(a, in)
	default: // doRetry, doNextMedia
		m.retry(a, in)
	}
	m.settle(ctx, a, in, end)
}

// restart begins the snapshot again.
func (m *machine) restart(a action, in input) {
	switch a.do {
	case doFallback:
		m.listOnly = true
		// A server that answered and then stood still has no end bookmark to give; one that did not answer at all
		// may only be slow.
		m.refused = a.reason == report.ReasonNoWatchList || a.reason == report.ReasonStalled && in.lived > 0
	case doRestartPages:
		m.pages.whole = true
	}
	tries := 0
	if a.reason == report.ReasonIncomplete && a.do == doRelist {
		tries = m.tries + 1
	}
	if a.reason == report.ReasonRolledBack {
		m.index.ExhumeAll() // what was deleted since then exists again
	}
	m.proof.twice = m.proof.twice || in.what == gotStatus && a.reason == report.ReasonUnconfirmed
	m.beginSnapshot(a.reason)
	m.tries = tries
}

// retry does the same again.
func (m *machine) retry(a action, in input) {
	switch in.ask {
	case askSnapshot, askProof:
		m.prepareSnapshot()
	case askList:
		// Who may not list may still watch: the fallback leads nowhere, the snapshot may work the next time.
		if in.retest { // who cannot list may be able to watch by now
			m.polling = false
			m.retest.begun()
			m.prepareSnapshot()
		} else if m.listOnly && !m.polling && (a.reason == report.ReasonForbidden || in.again >= snapshotTries) {
			m.listOnly = false
			m.prepareSnapshot()
		} else if m.refused = m.refused && a.reason != report.ReasonInvalid; m.pages.token == "" { // of a later time: what the part that came had shown may be gone since
			m.index.Begin()
			m.incomplete, m.proof = false, proof{twice: m.proof.twice}
		}
	case askWatch:
		m.o.Observer.Reconnect(a.reason)
	default: // askHead: the question stays
	}
}
