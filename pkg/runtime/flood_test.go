package runtime

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
)

// flood is an API server in the process, with so many ConfigMaps, all large, and one watch that everybody shares.
// What it sends is made while it is read, so it takes no memory of its own, and it sends no faster than it is read.
type flood struct {
	objects  int
	added    floodText // an event
	modified floodText
	whole    floodText // an object

	mu       sync.Mutex
	changed  *sync.Cond
	versions []int // of the objects
	log      []int // the objects that changed, in order; the n-th has the version floodFirst+objects+n
	gone     map[int]bool
	reads    int // of single objects
	watches  int
}

// The versions have as many digits as each other, so that a text can be changed in its place.
const (
	floodFirst = 1_000_000
	floodName  = "o-0000000"
	floodRV    = "9999999"
)

// floodText is a text with places for an object's name, twice, and its version.
type floodText struct {
	text     []byte
	name, rv []int
}

func (x *floodText) write(i, rv int) []byte {
	for _, at := range x.name {
		copy(x.text[at:], fmt.Sprintf("%07d", i))
	}
	for _, at := range x.rv {
		copy(x.text[at:], strconv.Itoa(rv))
	}
	return x.text
}

func newFlood(t *testing.T, objects, size int) *flood {
	t.Helper()
	f := &flood{objects: objects, versions: make([]int, objects), gone: map[int]bool{}}
	f.changed = sync.NewCond(&f.mu)
	for i := range f.versions {
		f.versions[i] = floodFirst + i
	}
	cm := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: floodName, UID: "uid-of-" + floodName, ResourceVersion: floodRV},
		Data:       map[string]string{"pad": strings.Repeat("x", size)},
	}
	raw, err := cm.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	object := floodObject(t, raw)
	f.whole = newFloodText(object)
	f.added = newFloodText(floodEvent(t, "ADDED", object))
	f.modified = newFloodText(floodEvent(t, "MODIFIED", object))
	return f
}

func newFloodText(text []byte) floodText {
	x := floodText{text: text}
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte(floodName))
		if i < 0 {
			break
		}
		at += i + len("o-")
		x.name = append(x.name, at)
	}
	x.rv = append(x.rv, bytes.Index(text, []byte(floodRV)))
	return x
}

// floodObject wraps an object as the API server does in protobuf.
func floodObject(t *testing.T, raw []byte) []byte {
	t.Helper()
	u := apiruntime.Unknown{TypeMeta: apiruntime.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, Raw: raw}
	out, err := u.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte("k8s\x00"), out...)
}

func floodEvent(t *testing.T, typ string, object []byte) []byte {
	t.Helper()
	e := metav1.WatchEvent{Type: typ, Object: apiruntime.RawExtension{Raw: object}}
	out, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(out))), out...)
}

func (f *flood) config() *rest.Config { return &rest.Config{Host: "http://flood", Transport: f} }

// change gives objects new versions.
func (f *flood) change(objects ...int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range objects {
		f.log = append(f.log, i)
		f.versions[i] = floodFirst + f.objects + len(f.log)
	}
	f.changed.Broadcast()
}

// events is how many events a binding that sees everything gets.
func (f *flood) events() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.objects + len(f.log)
}

// latest are the versions that the objects have now.
func (f *flood) latest() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.versions)
}

// RoundTrip implements http.RoundTripper.
func (f *flood) RoundTrip(r *http.Request) (*http.Response, error) {
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/vnd.kubernetes.protobuf"}}, Request: r}
	if r.URL.Query().Get("watch") == "" {
		name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		i, err := strconv.Atoi(strings.TrimPrefix(name, "o-"))
		if err != nil {
			return nil, err
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.reads++
		resp.Body = io.NopCloser(bytes.NewReader(bytes.Clone(f.whole.write(i, f.versions[i]))))
		return resp, nil
	}
	f.mu.Lock()
	f.watches++
	f.mu.Unlock()
	resp.Header.Set("Content-Type", "application/vnd.kubernetes.protobuf;stream=watch")
	b := &floodBody{f: f, done: r.Context()}
	b.stop = context.AfterFunc(r.Context(), func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.changed.Broadcast()
	})
	resp.Body = b
	return resp, nil
}

// floodBody is the answer to a watch that begins with all objects.
type floodBody struct {
	f    *flood
	done context.Context //nolint:containedctx // of the request whose answer this is
	stop func() bool
	at   int
	left []byte
}

// Close implements io.Closer.
func (b *floodBody) Close() error {
	b.stop()
	return nil
}

// Read implements io.Reader.
func (b *floodBody) Read(p []byte) (int, error) {
	if len(b.left) == 0 {
		if err := b.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.left)
	b.left = b.left[n:]
	return n, nil
}

func (b *floodBody) next() error {
	f := b.f
	f.mu.Lock()
	defer f.mu.Unlock()
	at := b.at
	b.at++
	switch {
	case at < f.objects:
		b.left = f.added.write(at, floodFirst+at)
		return nil
	case at == f.objects:
		b.left = floodBookmark(floodFirst + f.objects)
		return nil
	}
	n := at - f.objects - 1
	for n >= len(f.log) && b.done.Err() == nil {
		f.changed.Wait()
	}
	if err := b.done.Err(); err != nil {
		return err
	}
	b.left = f.modified.write(f.log[n], floodFirst+f.objects+n+1)
	return nil
}

func floodBookmark(rv int) []byte {
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		ResourceVersion: strconv.Itoa(rv), Annotations: map[string]string{"k8s.io/initial-events-end": "true"},
	}}
	raw, err := cm.Marshal()
	if err != nil {
		panic(err)
	}
	t := &testing.T{}
	return floodEvent(t, "BOOKMARK", floodObject(t, raw))
}
