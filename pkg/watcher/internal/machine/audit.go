package machine

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/index"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/wire"
)

// An API server can lose an event for good (rule 63: kubernetes#123072, kine#770), and no watch shows that. An audit compares what the
// stream delivered with a list of the objects' metadata. Events that are still on their way explain a difference, so an
// audit believes only what a second list shows again, after the stream had time to catch up. Then the stream reads a snapshot, which
// delivers the differences as after lost history.

const (
	// auditPatience is how long an audit waits between its two lists at most, for the stream to pass the first.
	auditPatience = 2 * time.Minute
	// auditStep is how often it looks whether the stream has.
	auditStep = 10 * time.Second
	// auditNames is how many objects the log names.
	auditNames = 5
)

// errNotComparable ends an audit early: the stream does not follow the server, or has compared everything itself meanwhile.
var errNotComparable = errors.New("the stream has read a snapshot, or does not follow the server")

// listed is what a list says of one object, or, with an empty rv, does not say.
type listed struct{ namespace, name, uid, rv string }

// auditing audits until ctx ends.
func (s *Stream) auditing(ctx context.Context) {
	for {
		var after time.Duration
		if s.DoContext(ctx, func() { after = s.o.Audit + time.Duration(s.o.Rand()*float64(s.o.Audit)/10) }) != nil {
			return
		}
		if !pauseFor(ctx, after) {
			return
		}
		if err := s.audit(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, errNotComparable) {
			s.o.Logger.Error(err, "the audit of a stream failed; it is repeated", "target", s.target.String(), "every", s.o.Audit.String())
		}
	}
}

// audit compares once. A nil error says that it came to an end, with or without differences.
func (s *Stream) audit(ctx context.Context) error {
	first, rv, err := s.compareWithList(ctx)
	if err != nil || len(first) == 0 {
		return s.audited(ctx, 0, err)
	}
	if err := s.catchUp(ctx, rv); err != nil {
		return err
	}
	second, _, err := s.compareWithList(ctx)
	if err != nil {
		return err
	}
	again := map[listed]bool{}
	for _, d := range second {
		again[listed{namespace: d.namespace, name: d.name, uid: d.uid}] = true
	}
	var names []string
	lost := 0
	err = s.DoContext(ctx, func() {
		for _, d := range first {
			if !again[listed{namespace: d.namespace, name: d.name, uid: d.uid}] || !s.m.differs(d) {
				continue
			}
			if lost++; len(names) < auditNames {
				names = append(names, strings.TrimPrefix(d.namespace+"/"+d.name, "/"))
			}
		}
		if lost > 0 {
			s.m.wanted = report.ReasonAudit
		}
	})
	if err == nil && lost > 0 {
		s.o.Logger.Error(nil, "events were lost: an audit found objects that differ from what the watch delivered, and the stream reads a snapshot",
			"target", s.target.String(), "objects", lost, "examples", strings.Join(names, ", "))
	}
	return s.audited(ctx, lost, err)
}

// audited reports an audit that came to an end.
func (s *Stream) audited(ctx context.Context, differences int, err error) error {
	if err != nil {
		return err
	}
	return s.DoContext(ctx, func() { s.o.Observer.Audited(differences) })
}

// compareWithList returns the objects that differ from a list, and the list's resourceVersion.
func (s *Stream) compareWithList(ctx context.Context) (differ []listed, rv string, err error) {
	var epoch uint16
	follows := false
	if err := s.DoContext(ctx, func() {
		if follows = s.m.comparable(); follows {
			s.m.index.Begin()
			epoch = s.m.index.Snapshot()
		}
	}); err != nil {
		return nil, "", err
	}
	step := func(look func()) error {
		if err := s.DoContext(ctx, func() {
			if follows = follows && s.m.comparable() && s.m.index.Snapshot() == epoch; follows {
				look()
			}
		}); err != nil {
			return err
		}
		if !follows {
			return errNotComparable
		}
		return nil
	}
	var page []listed
	t := s.target
	t.Resource.Metadata, t.Resource.Protobuf = true, true
	err = s.server.ListAll(ctx, t, apiclient.ListParams{Limit: s.o.PageLimit}, wire.ReaderOptions{CutManagedFields: true}, func(f *wire.Frame) {
		page = append(page, listed{
			strings.Clone(f.Meta.Namespace), strings.Clone(f.Meta.Name), strings.Clone(f.Meta.UID), strings.Clone(f.Meta.ResourceVersion),
		})
	}, func(meta wire.ListMeta) error {
		if rv == "" {
			rv = meta.ResourceVersion
		}
		shown := page
		page = nil
		return step(func() {
			for _, o := range shown {
				if s.m.differs(o) {
					differ = append(differ, o)
				}
				if e, known := s.m.index.Get(o.namespace, o.name); known {
					e.SetSeen()
				}
			}
		})
	})
	if err != nil {
		return nil, "", err
	}
	err = step(func() {
		for e := range s.m.index.Unseen() {
			if e.Compare(rv) != index.OrderBehind { // else it came after the list
				differ = append(differ, listed{namespace: e.Namespace(), name: e.Name(), uid: e.UID()})
			}
		}
	})
	return differ, rv, err
}

// catchUp waits until the stream has passed rv, or for as long as an audit is patient.
func (s *Stream) catchUp(ctx context.Context, rv string) error {
	for range int(auditPatience / auditStep) {
		if !pauseFor(ctx, auditStep) {
			return ctx.Err()
		}
		passed := false
		if err := s.DoContext(ctx, func() { passed = s.m.passed(rv) }); err != nil || passed {
			return err
		}
	}
	return nil
}

// comparable says whether the index is to agree with the server, but for events on their way.
func (m *machine) comparable() bool {
	return m.synced && !m.polling && (m.state.Phase == report.Streaming || m.state.Phase == report.Resuming)
}

// differs says whether the stream has delivered something other than a list says: an older state, nothing, or an object that the list does
// not show.
func (m *machine) differs(o listed) bool {
	e, known := m.index.Get(o.namespace, o.name)
	switch {
	case o.rv == "":
		return known && e.HasUID(o.uid)
	case !known || !e.HasUID(o.uid):
		return !m.index.Buried(o.uid) // else its deletion is newer than the list
	default:
		return e.Compare(o.rv) == index.OrderAhead
	}
}

// pauseFor waits, and reports whether ctx lasted.
func pauseFor(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
