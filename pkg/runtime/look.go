package runtime

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// read looks at one object.
func (s *looks) read(l *look) {
	if s.settled(l) {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, lookupTimeout)
	defer cancel()
	m, found, err := s.server.Lookup(ctx, l.id.resource, l.id.namespace, l.id.name)
	if apierrors.IsForbidden(err) { // by name it is a list of one, which some may make who may not get
		var other error
		if m, found, other = s.server.LookupListed(ctx, l.id.resource, l.id.namespace, l.id.name); !apierrors.IsForbidden(other) {
			err = other
		}
	}
	if err != nil {
		s.failed(err, l)
		return
	}
	s.found(l, found && m.UID == l.id.uid)
}

// list looks at all objects of a place, for those that were taken and whoever else waits for one of them.
func (s *looks) list(at place, taken []*look) {
	all := s.in(at)
	asked := make(map[queue.Key]bool, len(all))
	for _, l := range all {
		asked[l.id.key()] = true
	}
	there := make(map[queue.Key]string, len(all)) // the UIDs of those that exist
	err := s.server.LookupAll(s.ctx, at.resource, at.namespace, func(m *watcher.Meta) {
		if asked[queue.Key{Namespace: m.Namespace, Name: m.Name}] {
			there[queue.Key{Namespace: strings.Clone(m.Namespace), Name: strings.Clone(m.Name)}] = strings.Clone(m.UID)
		}
	})
	switch {
	case err == nil:
		for _, l := range all {
			uid, found := there[l.id.key()]
			s.found(l, found && uid == l.id.uid)
		}
	case refused(err):
		s.apart(taken)
	default:
		s.failed(err, taken...)
	}
}

// in gives the looks that a list of the place answers.
func (s *looks) in(at place) (all []*look) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, l := range s.all {
		if id.resource == at.resource && (at.namespace == "" || id.namespace == at.namespace) {
			all = append(all, l)
		}
	}
	return all
}

func (i lookID) key() queue.Key { return queue.Key{Namespace: i.namespace, Name: i.name} }

// refused says whether the server will not give a list tomorrow either.
func refused(err error) bool {
	status, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok {
		return false
	}
	code := status.ErrStatus.Code
	return code < http.StatusInternalServerError && code != http.StatusTooManyRequests && code != http.StatusGone
}

// apart has each read by itself from now on.
func (s *looks) apart(of []*look) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range of {
		l.alone = true
	}
	s.due = append(s.due, of...)
	for range min(lookers, len(of)) {
		s.hire()
	}
}

// found ends a look.
func (s *looks) found(l *look, exists bool) {
	s.mu.Lock()
	s.forget(l)
	if l.timer != nil {
		l.timer.Stop()
	}
	s.mu.Unlock()
	for _, d := range l.who {
		d.decided(exists)
	}
}

// settled ends a look that nobody needs any more, since events have told.
func (s *looks) settled(l *look) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !l.over && slices.ContainsFunc(l.who, (*departure).open) {
		return false
	}
	s.forget(l)
	return true
}

// failed has looks tried again later: these objects wait.
func (s *looks) failed(err error, of ...*look) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	waiting := map[*binding]*failure{}
	for _, l := range of {
		if l.over {
			continue
		}
		after := min(lookAgainMin<<min(l.fails, 10), lookAgainMax)
		if seconds, ok := apierrors.SuggestsClientDelay(err); ok {
			after = max(after, time.Duration(seconds)*time.Second)
		}
		for _, d := range l.who {
			f := waiting[d.b]
			if f == nil {
				f = &failure{example: d, quiet: true, again: after}
				waiting[d.b] = f
			}
			f.n++
			f.quiet = f.quiet && l.fails > 0
		}
		l.fails++
		l.timer = time.AfterFunc(after, func() { s.again(l) })
	}
	for b, f := range waiting {
		f.log(b, err)
	}
}

// again makes a look due that failed before.
func (s *looks) again(l *look) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.timer = nil
	if !l.over {
		s.due = append(s.due, l)
		s.hire()
	}
}
