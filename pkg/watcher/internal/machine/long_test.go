package machine

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"runtime/metrics"
	"strconv"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kruntime "k8s.io/apimachinery/pkg/runtime"

	"github.com/ancho-dev/ancho/pkg/kind"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/apiclient"
	"github.com/ancho-dev/ancho/pkg/watcher/internal/report"
)

const (
	longList    = 12000     // objects
	longVersion = "2000000" // of the list
	longItem    = 8 << 10   // bytes of each, about
	longLive    = 5 << 20   // bytes that may be in use: most of it is the index. How much garbage there is beside, the machine decides
)

// longServer has many objects, which it writes as they are read from it: none of it is kept.
type longServer struct {
	protobuf, watchList, pages bool
}

// RoundTrip implements http.RoundTripper.
func (s *longServer) RoundTrip(r *http.Request) (*http.Response, error) {
	q := r.URL.Query()
	switch {
	case q.Get("watch") == "true" && q.Has("sendInitialEvents") && !s.watchList:
		return s.answer(r, http.StatusUnprocessableEntity, "application/json", bytes.NewReader([]byte(`{"kind":"Status","code":422,"reason":"Invalid"}`))), nil
	case q.Get("watch") == "true":
		n := 0
		if q.Has("sendInitialEvents") {
			n = longList
		}
		return s.answer(r, http.StatusOK, s.media(";stream=watch"), io.MultiReader(s.events(n), &hanging{r.Context()})), nil
	}
	from, to, token := 0, longList, ""
	if limit, _ := strconv.Atoi(q.Get("limit")); s.pages && limit > 0 {
		from, _ = strconv.Atoi(q.Get("continue"))
		if to = from + limit; to < longList {
			token = strconv.Itoa(to)
		}
	}
	return s.answer(r, http.StatusOK, s.media(""), s.list(from, min(to, longList), token)), nil
}

func (s *longServer) media(watch string) string {
	if s.protobuf {
		return typeProtobuf + watch
	}
	return typeJSON
}

func (*longServer) answer(r *http.Request, code int, media string, body io.Reader) *http.Response {
	return &http.Response{StatusCode: code, Header: http.Header{"Content-Type": {media}}, Body: io.NopCloser(body), Request: r}
}

// hanging is a body that brings nothing, until its context ends.
type hanging struct{ ctx context.Context }

func (h *hanging) Read([]byte) (int, error) {
	<-h.ctx.Done()
	return 0, h.ctx.Err()
}

// longDigits stand where the number of an object goes, three times in each.
const longDigits = "777777"

func longObject() *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
		Namespace: "demo", Name: "pod-" + longDigits, UID: "00000000-0000-4000-8000-000000" + longDigits,
		ResourceVersion: "1" + longDigits, Annotations: map[string]string{"padding": string(bytes.Repeat([]byte("padding "), longItem/8))},
	}}
}

func longBookmark() *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
		ResourceVersion: longVersion, Annotations: map[string]string{"k8s.io/initial-events-end": "true"},
	}}
}

// events are n present objects and the bookmark behind them.
func (s *longServer) events(n int) io.Reader {
	event := func(typ string, o *metav1.PartialObjectMetadata) []byte {
		if !s.protobuf {
			return mustMarshal(&metav1.WatchEvent{Type: typ, Object: kruntime.RawExtension{Raw: mustMarshal(o)}})
		}
		u := kruntime.Unknown{Raw: mustProto(o)}
		e := mustProto(&metav1.WatchEvent{Type: typ, Object: kruntime.RawExtension{Raw: append([]byte("k8s\x00"), mustProto(&u)...)}})
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(e))), e...)
	}
	return io.MultiReader(newPieces(0, n, event("ADDED", longObject())), bytes.NewReader(event("BOOKMARK", longBookmark())))
}

// list is a page: its metadata, and then the items.
func (s *longServer) list(from, to int, token string) io.Reader {
	meta := metav1.ListMeta{ResourceVersion: longVersion, Continue: token}
	if !s.protobuf {
		head := fmt.Appendf(nil, `{"kind":"PodList","apiVersion":"v1","metadata":%s,"items":[`, mustMarshal(meta))
		items := newPieces(from, to, append([]byte(","), mustMarshal(longObject())...))
		_, _ = items.Read(make([]byte, 1)) // the first comma
		return io.MultiReader(bytes.NewReader(head), items, bytes.NewReader([]byte("]}\n")))
	}
	field := func(num protowire.Number, value []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), value)
	}
	first, item := field(1, mustProto(&meta)), field(2, mustProto(longObject()))
	head := append([]byte("k8s\x00"), field(1, mustProto(&kruntime.TypeMeta{APIVersion: "v1", Kind: "PodList"}))...)
	head = protowire.AppendVarint(protowire.AppendTag(head, 2, protowire.BytesType), uint64(len(first)+(to-from)*len(item)))
	return io.MultiReader(bytes.NewReader(append(head, first...)), newPieces(from, to, item))
}

// pieces are read one after the other. All are the same but for their number.
type pieces struct {
	next, to int
	text     []byte // of all
	digits   []int  // where the number goes
	left     []byte // of the one that is being read
}

func newPieces(from, to int, text []byte) *pieces {
	p := &pieces{next: from, to: to, text: text}
	for at := 0; ; at += len(longDigits) {
		i := bytes.Index(text[at:], []byte(longDigits))
		if i < 0 {
			return p
		}
		at += i
		p.digits = append(p.digits, at)
	}
}

func (p *pieces) Read(to []byte) (int, error) {
	if len(p.left) == 0 {
		if p.next == p.to {
			return 0, io.EOF
		}
		for _, at := range p.digits {
			copy(p.text[at:], fmt.Sprintf("%06d", p.next))
		}
		p.left, p.next = p.text, p.next+1
	}
	n := copy(to, p.left)
	p.left = p.left[n:]
	return n, nil
}

func mustMarshal(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return out
}

func mustProto(m interface{ Marshal() ([]byte, error) }) []byte {
	out, err := m.Marshal()
	if err != nil {
		panic(err)
	}
	return out
}

// highWater is a handler that looks at the heap while objects are delivered.
type highWater struct {
	calls      int
	heap, live uint64 // the most that there was, and that was there after a collection
	synced     chan struct{}
}

func (h *highWater) Handle(report.Delta) {
	if h.calls++; h.calls%100 == 0 {
		h.heap = max(h.heap, heapNow())
	}
	if h.calls%(longList/6) == 0 {
		runtime.GC()
		h.live = max(h.live, heapNow())
	}
}

func (h *highWater) Synced(string, bool) { close(h.synced) }

func (*highWater) StateChanged(report.State) {}

func heapNow() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// However a server sends its objects, they are not in memory all at once.
func TestLongListsAreNotHeld(t *testing.T) {
	for _, protobuf := range []bool{true, false} {
		for name, s := range map[string]*longServer{
			"watch list": {watchList: true, protobuf: protobuf},
			"one list":   {protobuf: protobuf},
			"pages":      {pages: true, protobuf: protobuf},
		} {
			t.Run(fmt.Sprintf("%s/protobuf=%v", name, protobuf), func(t *testing.T) {
				h := &highWater{synced: make(chan struct{})}
				server := apiclient.NewServerForClient(&url.URL{Scheme: "http", Host: "api"}, &http.Client{Transport: s})
				res := kind.Resource{Version: "v1", Kind: "Pod", Plural: "pods", Namespaced: true, Protobuf: protobuf}
				runtime.GC()
				before := heapNow()
				stream := New(server, apiclient.Target{Resource: res}, h, Options{})
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					stream.Run(ctx)
				}()
				<-h.synced
				cancel()
				<-ended
				if h.calls != longList {
					t.Errorf("%d objects were told, want %d", h.calls, longList)
				}
				t.Logf("of %d MB in all: at most %d KB, %d KB after a collection", longList*longItem>>20, (h.heap-before)>>10, (h.live-before)>>10)
				if h.live-before > longLive {
					t.Errorf("%d KB were in use", (h.live-before)>>10)
				}
			})
		}
	}
}
