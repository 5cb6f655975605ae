package runtime

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

// page is a part of a snapshot. The zero value is all of it.
type page struct {
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

// pageFrom reads limit and continue of a request.
func pageFrom(q url.Values) (page, error) {
	p := page{limit: pageDefault}
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

// snapshotPage is a page of the snapshot. Its totals are of everything.
func (r *Runtime) snapshotPage(p page) Snapshot {
	out := Snapshot{Streams: []StreamSnapshot{}, Bindings: []BindingSnapshot{}, LeaderElection: r.election.Snapshot()}
	rows := pager{all: p.limit == 0, left: p.limit}
	streams, _ := r.streams.statuses()
	out.Totals.Streams, out.Totals.Bindings = len(streams), len(r.bindings)
	for _, s := range streams {
		if p.from.Binding == "" && s.Stream >= p.from.Stream && rows.take(mark{Stream: s.Stream}) {
			out.Streams = append(out.Streams, streamSnapshot(s))
		}
	}
	reached := p.from.Binding == ""
	for _, b := range r.bindings {
		row := b.snapshot()
		out.Totals.Running += row.RunningTotal
		out.Totals.Parked += row.ParkedTotal
		var from mark
		if !reached && b.id == p.from.Binding {
			reached, from = true, p.from
		}
		if reached && b.fill(&row, &rows, from) {
			out.Bindings = append(out.Bindings, row)
		}
	}
	out.Continue = rows.next
	return out
}

// fill adds the calls that run and the parked objects from a mark on, and says whether the row is part of the page.
func (b *binding) fill(row *BindingSnapshot, rows *pager, from mark) bool {
	whole := from.Name == ""
	if whole {
		if !rows.take(mark{Binding: b.id}) {
			return false
		}
		for _, c := range b.engine.Running() {
			row.Running = append(row.Running, RunningSnapshot{
				Object: c.Key.String(), Action: b.actionOf(&c), Event: string(c.Type), Attempt: c.Attempt, Since: c.Started,
			})
		}
		rows.left -= len(row.Running)
	}
	q, ok := b.engine.(interface{ Parked() []queue.ParkedInfo })
	if !ok || row.ParkedTotal == 0 {
		return whole
	}
	for _, p := range q.Parked() { // sorted
		if from.before(p.Key) {
			continue
		}
		if !rows.take(mark{Binding: b.id, Namespace: p.Key.Namespace, Name: p.Key.Name}) {
			break
		}
		row.Parked = append(row.Parked, ParkedSnapshot{
			Object: p.Key.String(), Event: string(p.Type), Attempts: p.Attempt, Since: p.Since, Error: plaintext.Bound(p.Err.Error()),
		})
	}
	return whole || len(row.Parked) > 0
}
