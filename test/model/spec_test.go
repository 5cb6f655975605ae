package model

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/ancho-dev/ancho/pkg/capability"
)

// How a binding is called.
type mode int

const (
	latest mode = iota // Reconcile
	inOrder
	watch
)

func (m mode) String() string { return [...]string{"Reconcile", "InOrder", "Watch"}[m] }

// spec is a declaration, as the model understands it.
type spec struct {
	capability, alias string
	resource          int
	metadata          bool // metadata-only
	namespaces        []string
	wide              bool
	name, app, note   string // app and note: "?" for any value, else that value; absent: not asked for
	takes             map[capability.EventType]bool
	mode              mode
	perNamespace      bool
	concurrency       int
	maxAttempts       int
	budget            int64
	timeout           time.Duration
	cached            bool
	finalizer         string // absent: none
	triggers          []*trigger
}

func (s *spec) id() string { return s.capability + "/" + s.alias }

func (s *spec) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s of %s", s.id(), s.mode, gvks[s.resource].Kind)
	for _, part := range []struct {
		said bool
		text string
	}{
		{s.metadata, " metadata"}, {len(s.namespaces) > 0, fmt.Sprint(" in ", s.namespaces)}, {s.wide, " wide"},
		{s.name != "", " name " + s.name}, {s.app != "", " app=" + s.app}, {s.note != "", " note=" + s.note},
		{len(s.takes) > 0, fmt.Sprint(" takes ", s.takes)}, {s.perNamespace, " per namespace"},
		{true, fmt.Sprint(" concurrency ", s.concurrency)}, {s.maxAttempts > 0, fmt.Sprint(" attempts ", s.maxAttempts)},
		{s.budget > 0, fmt.Sprint(" budget ", s.budget)}, {s.timeout > 0, fmt.Sprint(" timeout ", s.timeout)},
		{s.cached, " cached"}, {s.finalizer != absent, " finalize " + s.finalizer}, {len(s.triggers) > 0, fmt.Sprint(" triggers ", s.triggers)},
	} {
		if part.said {
			b.WriteString(part.text)
		}
	}
	return b.String()
}

// selects says whether a state is in the binding's set.
func (s *spec) selects(p place, st *state) bool {
	if s.finalizer != absent {
		return st.members[s.finalizer]
	}
	return s.fits(p, st)
}

// fits says whether a state is what the selection asks for.
func (s *spec) fits(p place, st *state) bool {
	return s.within(p) && has(s.app, st.app) && has(s.note, st.note)
}

// within says whether a place is where the binding looks.
func (s *spec) within(p place) bool {
	return p.resource == s.resource && (len(s.namespaces) == 0 || slices.Contains(s.namespaces, p.namespace)) && (s.name == "" || s.name == p.name)
}

// has says whether a label or annotation is as asked for.
func has(asked, value string) bool {
	return asked == absent || asked == "?" && value != absent || asked == value
}

// asks says whether the binding asks for events of a type.
func (s *spec) asks(t capability.EventType) bool {
	if len(s.takes) == 0 {
		return t == capability.Added || t == capability.Modified
	}
	return s.takes[t]
}

// present says whether the binding is told of each state.
func (s *spec) present() bool { return s.asks(capability.Added) && s.asks(capability.Modified) }

// someSpec draws a declaration.
func someSpec(t *rapid.T, i int) *spec {
	s := &spec{
		capability: rapid.SampledFrom([]string{"one", "two"}).Draw(t, "capability"), alias: fmt.Sprintf("b%d", i),
		resource:     rapid.IntRange(0, resources-1).Draw(t, "resource"),
		metadata:     rapid.IntRange(0, 3).Draw(t, "metadata") == 0,
		namespaces:   rapid.SampledFrom([][]string{nil, nil, {"a"}, {"a", "b"}}).Draw(t, "namespaces"),
		name:         rapid.SampledFrom([]string{"", "", "", "x"}).Draw(t, "name"),
		app:          rapid.SampledFrom([]string{absent, absent, "?", "v"}).Draw(t, "app"),
		note:         rapid.SampledFrom([]string{absent, absent, absent, "p"}).Draw(t, "note"),
		mode:         mode(rapid.IntRange(0, 2).Draw(t, "mode")),
		concurrency:  rapid.SampledFrom([]int{1, 1, 3, 16}).Draw(t, "concurrency"),
		maxAttempts:  rapid.SampledFrom([]int{0, 0, 0, 2}).Draw(t, "maxAttempts"),
		budget:       rapid.SampledFrom([]int64{0, 0, 0, 0, 1, 2000}).Draw(t, "budget"),
		timeout:      rapid.SampledFrom([]time.Duration{0, 0, 3 * time.Second}).Draw(t, "timeout"),
		perNamespace: rapid.IntRange(0, 4).Draw(t, "perNamespace") == 0,
	}
	s.wide = len(s.namespaces) > 1 && rapid.Bool().Draw(t, "wide")
	s.perNamespace = s.perNamespace && s.mode != watch
	if rapid.IntRange(0, 2).Draw(t, "types") > 0 {
		s.takes = map[capability.EventType]bool{}
		for _, typ := range []capability.EventType{capability.Added, capability.Modified, capability.Deleted, capability.Left} {
			if rapid.IntRange(0, 3).Draw(t, string(typ)) > 0 {
				s.takes[typ] = true
			}
		}
	}
	if s.app == absent && s.note == absent { // nothing can leave
		delete(s.takes, capability.Left)
	}
	s.extend(t)
	return s
}

// extend draws what not every binding has.
func (s *spec) extend(t *rapid.T) {
	s.cached = rapid.IntRange(0, 3).Draw(t, "cached") == 0
	finalize := rapid.IntRange(0, 2).Draw(t, "finalize") == 0
	triggers := rapid.SliceOfN(rapid.Custom(someTrigger), 0, 2).Draw(t, "triggers")
	if s.mode == watch {
		return
	}
	if finalize {
		s.finalizer = "model.example.com/" + s.alias
		delete(s.takes, capability.Left)
	}
	if s.present() {
		s.triggers = triggers
	}
}
