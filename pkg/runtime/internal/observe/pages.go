package observe

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/ancho-dev/ancho/internal/plaintext"
	"github.com/ancho-dev/ancho/pkg/queue"
)

// How many rows a page of /debug has: streams, bindings, running calls and parked objects. The running calls of a binding are
// never divided.
const (
	pageDefault = 100
	pageMost    = 1000
)

var errNoPage = errors.New("continue: take it from the answer before, as it is")

// Page is a part of a snapshot. The zero value is all of it.
type Page struct {
	limit int // rows; 0: all
	from  mark
}

// mark is where a page begins: at a stream, a binding, or a parked object of a binding. Rows are in the order of names, so that a
// page begins at the right place although others came or went.
type mark struct {
	Stream    string `json:"s,omitempty"`
	Binding   string `json:"b,omitempty"`
	Namespace string `json:"ns,omitempty"`
	Name      string `json:"n,omitempty"` // empty: at the binding itself
}

// PageFrom reads limit and continue of a request.
func PageFrom(q url.Values) (Page, error) {
	p := Page{limit: pageDefault}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > pageMost {
			return p, fmt.Errorf("limit: give a whole number from 1 to %d", pageMost)
		}
		p.limit = n
	}
	if text := q.Get("continue"); text != "" {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || json.Unmarshal(raw, &p.from) != nil || p.from == (mark{}) {
			return p, errNoPage
		}
	}
	return p, nil
}

func (m mark) String() string {
	raw, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings alone
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// before says whether an object comes before the mark.
func (m mark) before(k queue.Key) bool {
	return k.Namespace < m.Namespace || k.Namespace == m.Namespace && k.Name < m.Name
}

// pager counts the rows of a page.
type pager struct {
	all  bool
	left int
	next string // where the next page begins, once this one is full
}

// take says whether a row fits that is at m.
func (p *pager) take(m mark) bool {
	if p.next != "" {
		return false
	}
	if !p.all && p.left <= 0 {
		p.next = m.String()
		return false
	}
	p.left--
	return true
}

// Snapshot is a page of the snapshot. Its totals are of everything.
func (b Board) Snapshot(p Page) Snapshot {
	out := Snapshot{Streams: []StreamSnapshot{}, Bindings: []BindingSnapshot{}, LeaderElection: b.Election.Snapshot()}
	rows := pager{all: p.limit == 0, left: p.limit}
	streams, _ := b.Streams.Statuses()
	out.Totals.Streams, out.Totals.Bindings = len(streams), len(b.Bindings)
	for _, s := range streams {
		if p.from.Binding == "" && s.Stream >= p.from.Stream && rows.take(mark{Stream: s.Stream}) {
			out.Streams = append(out.Streams, streamSnapshot(s))
		}
	}
	reached := p.from.Binding == ""
	for _, one := range b.Bindings {
		row := one.Row()
		out.Totals.Running += row.RunningTotal
		out.Totals.Parked += row.ParkedTotal
		var from mark
		if !reached && row.Binding == p.from.Binding {
			reached, from = true, p.from
		}
		if reached && rows.fill(&row, one, from) {
			out.Bindings = append(out.Bindings, row)
		}
	}
	out.Continue = rows.next
	return out
}

// fill adds the calls that run and the parked objects of a binding from a mark on, and says whether the row is part of the page.
func (p *pager) fill(row *BindingSnapshot, of Binding, from mark) bool {
	whole := from.Name == ""
	if whole {
		if !p.take(mark{Binding: row.Binding}) {
			return false
		}
		row.Running = of.Running()
		p.left -= len(row.Running)
	}
	if row.ParkedTotal == 0 {
		return whole
	}
	for _, o := range of.Parked() {
		if from.before(o.Key) {
			continue
		}
		if !p.take(mark{Binding: row.Binding, Namespace: o.Key.Namespace, Name: o.Key.Name}) {
			break
		}
		row.Parked = append(row.Parked, ParkedSnapshot{
			Object: o.Key.String(), Event: string(o.Type), Attempts: o.Attempt, Since: o.Since, Error: plaintext.Bound(o.Err.Error()),
		})
	}
	return whole || len(row.Parked) > 0
}
