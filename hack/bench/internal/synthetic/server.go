package synthetic

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// Server serves Pods that do not exist. Its methods may be called from any goroutine.
type Server struct {
	http *http.Server
	addr string
	done chan struct{} // closed when nothing is served any more

	mu      sync.Mutex
	objects int          // Pods 0 to objects-1 are there when a watch begins
	rv      int          // of the last event
	watches []chan batch // those that are open
	opened  int
}

// batch is a number of events of one type, for the Pods from, from+1 ... to-1.
type batch struct {
	event    watch.EventType
	from, to int
	rv       int // of the first event
}

// Start serves the first n Pods on a port of this machine.
func Start(n int) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // on this machine
	if err != nil {
		return nil, fmt.Errorf("synthetic server: %w", err)
	}
	s := &Server{objects: n, rv: firstRV + n, addr: l.Addr().String(), done: make(chan struct{})}
	s.http = &http.Server{Handler: s.routes()} //nolint:gosec // on this machine, for one client
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // until Close
	}()
	return s, nil
}

// URL is the server's address.
func (s *Server) URL() string { return "http://" + s.addr }

// Watches is how many watches were opened.
func (s *Server) Watches() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened
}

// Close ends all watches and the server.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.done
	return err
}

// Add sends events of new Pods, from up to before to, to those who watch.
func (s *Server) Add(ctx context.Context, from, to int) error {
	return s.send(ctx, batch{event: watch.Added, from: from, to: to})
}

// Delete sends events of Pods that are gone.
func (s *Server) Delete(ctx context.Context, from, to int) error {
	return s.send(ctx, batch{event: watch.Deleted, from: from, to: to})
}

func (s *Server) send(ctx context.Context, b batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.rv = s.rv + 1
	s.rv += b.to - b.from
	for _, w := range s.watches {
		select {
		case w <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	answer := func(path string, document any) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(document) // the client may be gone
		})
	}
	answer("/api", metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}})
	answer("/apis", metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: []metav1.APIGroup{}})
	answer("/version", map[string]string{"major": "1", "minor": "37", "gitVersion": "v1.37.1"})
	answer("/api/v1", metav1.APIResourceList{
		TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: "v1",
		APIResources: []metav1.APIResource{{Name: "pods", SingularName: "pod", Namespaced: true, Kind: "Pod", Verbs: metav1.Verbs{"get", "list", "watch"}}},
	})
	mux.HandleFunc("GET /api/v1/pods", s.pods)
	return mux
}

// pods answers a watch. There is no list: whoever wants one is told to watch.
func (s *Server) pods(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if v := q.Get("watch"); v != "true" && v != "1" {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusMethodNotAllowed)
		_ = json.NewEncoder(w).Encode(metav1.Status{ //nolint:errchkjson // the client may be gone
			TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
			Code: http.StatusMethodNotAllowed, Reason: metav1.StatusReasonMethodNotAllowed, Message: "this server has no list: watch with sendInitialEvents",
		})
		return
	}
	protobuf := strings.Contains(r.Header.Get("Accept"), "application/vnd.kubernetes.protobuf")
	w.Header().Set("Content-Type", "application/json")
	if protobuf {
		w.Header().Set("Content-Type", "application/vnd.kubernetes.protobuf;stream=watch")
	}
	v := &view{w: w, flush: http.NewResponseController(w).Flush, protobuf: protobuf}
	live, objects, rv := s.join()
	defer s.leave(live)
	if q.Get("sendInitialEvents") == "true" && !v.initial(objects, rv) {
		return
	}
	for {
		select {
		case <-r.Context().Done():
			return
		case b := <-live:
			if !v.batch(b) {
				return
			}
		}
	}
}

func (s *Server) join() (live chan batch, objects, rv int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	live = make(chan batch, 16)
	s.watches = append(s.watches, live)
	s.opened++
	return live, s.objects, s.rv
}

func (s *Server) leave(live chan batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, w := range s.watches {
		if w == live {
			s.watches = append(s.watches[:i], s.watches[i+1:]...)
			return
		}
	}
}

// view is one watch as its client sees it. Its methods tell whether the client is still there.
type view struct {
	w        http.ResponseWriter
	flush    func() error
	protobuf bool
	buf      []byte
}

// pieces is how many bytes are gathered before they are sent.
const pieces = 64 << 10

func (v *view) initial(objects, rv int) bool {
	for i := range objects {
		if !v.add(watch.Added, i, 0) {
			return false
		}
	}
	var err error
	v.buf, err = appendFrame(v.buf, v.protobuf, watch.Bookmark, bookmark(rv, true))
	return err == nil && v.send()
}

func (v *view) batch(b batch) bool {
	for i := b.from; i < b.to; i++ {
		if !v.add(b.event, i, b.rv+i-b.from) {
			return false
		}
	}
	return v.send()
}

// add puts one event into the buffer; with rv 0 the Pod has that which it was made with.
func (v *view) add(event watch.EventType, i, rv int) bool {
	p := Pod(i)
	if rv > 0 {
		p.ResourceVersion = fmt.Sprint(rv)
	}
	var err error
	if v.buf, err = appendFrame(v.buf, v.protobuf, event, p); err != nil {
		return false
	}
	return len(v.buf) < pieces || v.send()
}

func (v *view) send() bool {
	_, err := v.w.Write(v.buf)
	v.buf = v.buf[:0]
	return err == nil && v.flush() == nil
}
