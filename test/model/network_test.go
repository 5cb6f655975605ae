package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var (
	errRefused = errors.New("connection refused")
	errCut     = errors.New("connection reset by peer")
)

// network is the way from the program to the server, with what goes wrong there.
type network struct {
	next  http.RoundTripper
	looks bool // requests for a single object have faults as well

	mu      sync.Mutex
	bodies  map[*body]bool
	refuses bool
	stall   chan struct{} // closed when the stall is over; nil: there is none
	refusal []refusal
}

// refusal is a status that some requests are answered with.
type refusal struct {
	status  metav1.Status
	after   string // Retry-After
	times   int
	watch   bool // watches that go on where they stopped; else all collections
	wide    bool // those of the whole cluster
	gadgets bool // of this resource alone
}

func newNetwork(next http.RoundTripper, looks bool) *network {
	return &network{next: next, looks: looks, bodies: map[*body]bool{}}
}

// RoundTrip implements http.RoundTripper.
func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	collection := strings.HasSuffix(r.URL.Path, "/"+gvrs[configMaps].Resource) || strings.HasSuffix(r.URL.Path, "/"+gvrs[gadgets].Resource)
	if !collection && !n.looks {
		return n.next.RoundTrip(r)
	}
	n.mu.Lock()
	stall, refuses := n.stall, n.refuses
	var answer *http.Response
	if collection && !refuses {
		answer = n.refuse(r)
	}
	n.mu.Unlock()
	switch {
	case refuses:
		return nil, errRefused
	case answer != nil:
		return answer, nil
	case stall != nil:
		select {
		case <-stall:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	resp, err := n.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	b := &body{ReadCloser: resp.Body, n: n, left: -1, over: make(chan struct{})}
	n.mu.Lock()
	n.bodies[b] = true
	n.mu.Unlock()
	resp.Body = b
	return resp, nil
}

// refuse answers with the first refusal that fits. mu is held.
func (n *network) refuse(r *http.Request) *http.Response {
	q := r.URL.Query()
	resumes := q.Get("watch") != "" && q.Get("resourceVersion") != ""
	for i := range n.refusal {
		f := &n.refusal[i]
		if f.times == 0 || f.watch && !resumes || f.wide && strings.Contains(r.URL.Path, "/namespaces/") ||
			f.gadgets && !strings.HasSuffix(r.URL.Path, gvrs[gadgets].Resource) {
			continue
		}
		f.times--
		f.status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
		f.status.Status = metav1.StatusFailure
		text, err := json.Marshal(f.status)
		if err != nil {
			panic(err)
		}
		h := http.Header{"Content-Type": {"application/json"}}
		if f.after != "" {
			h.Set("Retry-After", f.after)
		}
		return &http.Response{
			StatusCode: int(f.status.Code), Status: strconv.Itoa(int(f.status.Code)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: h, Body: io.NopCloser(bytes.NewReader(text)), ContentLength: int64(len(text)), Request: r,
		}
	}
	return nil
}

// each does something to all open answers.
func (n *network) each(do func(*body)) {
	n.mu.Lock()
	all := make([]*body, 0, len(n.bodies))
	for b := range n.bodies {
		all = append(all, b)
	}
	n.mu.Unlock()
	for _, b := range all {
		do(b)
	}
}

// cut breaks all connections off.
func (n *network) cut() { n.each((*body).cut) }

// cutInside breaks all connections off after some more bytes.
func (n *network) cutInside(bytes int) {
	n.each(func(b *body) {
		n.mu.Lock()
		b.left = bytes
		n.mu.Unlock()
	})
}

// die has all connections bring nothing any more, ever.
func (n *network) die() {
	n.each(func(b *body) {
		n.mu.Lock()
		b.dead = true
		n.mu.Unlock()
	})
}

func (n *network) stalls(begin bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stall != nil {
		close(n.stall)
		n.stall = nil
	}
	if begin {
		n.stall = make(chan struct{})
	}
}

func (n *network) refusesAll(begin bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refuses = begin
}

func (n *network) answers(f refusal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refusal = append(n.refusal, f)
}

// heal ends all faults, but for connections that are dead.
func (n *network) heal() {
	n.stalls(false)
	n.refusesAll(false)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refusal = nil
}

// body is an answer that is being read.
type body struct {
	io.ReadCloser
	n    *network
	left int  // bytes until it is cut; negative: it is not
	dead bool // for good
	gone bool // cut
	once sync.Once
	over chan struct{} // closed with the body
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.mu.Lock()
	stall, dead, gone, left := b.n.stall, b.dead, b.gone, b.left
	if left >= 0 {
		n = min(n, left)
		b.left -= n
	}
	b.n.mu.Unlock()
	switch {
	case dead:
		<-b.over
		return 0, errCut
	case stall != nil:
		select {
		case <-stall:
		case <-b.over:
			return 0, errCut
		}
	}
	if gone || left >= 0 && n == left {
		return n, errCut
	}
	return n, err
}

func (b *body) cut() {
	b.n.mu.Lock()
	b.gone = true
	b.n.mu.Unlock()
	_ = b.ReadCloser.Close()
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.once.Do(func() { close(b.over) })
	b.n.mu.Lock()
	delete(b.n.bodies, b)
	b.n.mu.Unlock()
	return b.ReadCloser.Close()
}
