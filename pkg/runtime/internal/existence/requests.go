package existence

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/ancho-dev/ancho/pkg/queue"
	"github.com/ancho-dev/ancho/pkg/runtime/internal/live"
	"github.com/ancho-dev/ancho/pkg/watcher"
)

// read asks about one object.
func (s *Checks) read(l *check) {
	if s.settled(l) {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, live.Timeout)
	defer cancel()
	m, found, err := live.LookUp(ctx, s.Server, l.id.resource, l.id.namespace, l.id.name)
	if err != nil {
		s.failed(err, l)
		return
	}
	s.found(l, found && m.UID == l.id.uid)
}

// list asks about all objects of a place, for those that were taken and whoever else waits for one of them.
func (s *Checks) list(at place, taken []*check) {
	all := s.in(at)
	asked := make(map[queue.Key]bool, len(all))
	for _, l := range all {
		asked[l.id.key()] = true
	}
	there := make(map[queue.Key]string, len(all)) // the UIDs of those that exist
	err := s.Server.LookupAll(s.ctx, at.resource, at.namespace, func(m *watcher.Meta) {
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

// in gives the checks that a list of the place answers.
func (s *Checks) in(at place) (all []*check) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, l := range s.all {
		if id.resource == at.resource && (at.namespace == "" || id.namespace == at.namespace) {
			all = append(all, l)
		}
	}
	return all
}

func (i checkID) key() queue.Key { return queue.Key{Namespace: i.namespace, Name: i.name} }

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
func (s *Checks) apart(of []*check) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range of {
		l.alone = true
	}
	s.due = append(s.due, of...)
	for range min(AtOnce, len(of)) {
		s.hire()
	}
}

// found ends a check.
func (s *Checks) found(l *check, exists bool) {
	s.mu.Lock()
	s.forget(l)
	if l.timer != nil {
		l.timer.Stop()
	}
	s.mu.Unlock()
	for _, d := range l.who {
		d.Decided(exists)
	}
}

// settled ends a check that nobody needs any more, since events have told.
func (s *Checks) settled(l *check) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !l.over && slices.ContainsFunc(l.who, Asker.Open) {
		return false
	}
	s.forget(l)
	return true
}

// failed has checks tried again later: these objects wait.
func (s *Checks) failed(err error, of ...*check) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	tell := map[Waiting]*failure{}
	for _, l := range of {
		if l.over {
			continue
		}
		after := min(RetryMin<<min(l.fails, 10), retryMax)
		if seconds, ok := apierrors.SuggestsClientDelay(err); ok {
			after = max(after, time.Duration(seconds)*time.Second)
		}
		for _, d := range l.who {
			f := tell[d.Binding()]
			if f == nil {
				f = &failure{example: d.Question(), quiet: true, again: after}
				tell[d.Binding()] = f
			}
			f.n++
			f.quiet = f.quiet && l.fails > 0
		}
		l.fails++
		l.timer = time.AfterFunc(after, func() { s.again(l) })
	}
	for b, f := range tell {
		f.log(b.Log(), err)
	}
}

// again makes a check due that failed before.
func (s *Checks) again(l *check) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.timer = nil
	if !l.over {
		s.due = append(s.due, l)
		s.hire()
	}
}

// errUnknown says what could not be found out.
var errUnknown = errors.New("cannot tell whether the object left the selection or was deleted")

// failure is what one binding is told of checks that failed.
type failure struct {
	example Question
	n       int
	quiet   bool // it was told before
	again   time.Duration
}

// log says that objects wait because the API server gives no answer.
func (f *failure) log(to logr.Logger, err error) {
	err = fmt.Errorf("%w: %w", errUnknown, live.NeedsVerb("get", f.example.Resource, err))
	log := to.WithValues("object", queue.Key{Namespace: f.example.Namespace, Name: f.example.Name}.String(), "retryIn", f.again.String())
	if f.n > 1 {
		log = log.WithValues("objects", f.n)
	}
	if f.quiet {
		log.V(1).Info("still waiting", "reason", err.Error())
		return
	}
	log.Error(err, "this object waits, the others go on")
}
