package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/ancho-dev/ancho/pkg/capability"
)

// ledger keeps what the subject handled last of each object that it has not seen end. It may be used from several
// goroutines.
type ledger struct {
	mu         sync.Mutex
	last       map[string]map[types.UID]string // binding, object, resourceVersion
	events     int
	duplicates int
	garbled    error
}

func newLedger() *ledger {
	l := &ledger{last: map[string]map[types.UID]string{}}
	for _, b := range []string{latest, ordered, riding, selected} {
		l.last[b] = map[types.UID]string{}
	}
	return l
}

// read takes in the subject's lines until there are no more.
func (l *ledger) read(from io.Reader) {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		if err := l.add(lines.Text()); err != nil {
			l.mu.Lock()
			l.garbled = err
			l.mu.Unlock()
		}
	}
}

// add takes in one line. A state that is told again is a duplicate: nothing fails here, so that neither a restart of
// the server nor a snapshot is a reason to call again for what was handled.
func (l *ledger) add(line string) error {
	f := strings.Fields(line)
	if len(f) != 4 {
		return fmt.Errorf("the subject says %q, want binding, type, UID and resourceVersion", line)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	last, uid, rv := l.last[f[0]], types.UID(f[2]), f[3]
	if last == nil {
		return fmt.Errorf("the subject has no binding %q", f[0])
	}
	l.events++
	switch capability.EventType(f[1]) {
	case capability.Added, capability.Modified:
		if last[uid] == rv {
			l.duplicates++
		}
		last[uid] = rv
	case capability.Deleted, capability.Left:
		delete(last, uid)
	default:
		return fmt.Errorf("the subject tells of %s, which nothing asked for", f[1])
	}
	return nil
}

// misses names what was not handled: states that are there, for a binding, and ends of what is not there.
func (l *ledger) misses(binding string, there map[types.UID]string) (out []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for uid, rv := range there {
		if got := l.last[binding][uid]; got != rv {
			out = append(out, fmt.Sprintf("%s: %s is at %s, handled at %q", binding, uid, rv, got))
		}
	}
	for uid := range l.last[binding] {
		if _, ok := there[uid]; !ok {
			out = append(out, fmt.Sprintf("%s: the end of %s was not handled", binding, uid))
		}
	}
	slices.Sort(out)
	return out
}

// counts are what a ledger adds up.
type counts struct {
	objects    int // that the subject knows
	events     int // calls that it told of
	duplicates int // of these, for what had been handled
}

func (l *ledger) counts() counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return counts{len(l.last[latest]) + len(l.last[selected]), l.events, l.duplicates}
}

// err is why a line could not be taken in; nil if all could.
func (l *ledger) err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.garbled
}
