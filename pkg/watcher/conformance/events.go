package conformance

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// events is a watch, read frame by frame.
type events struct {
	*probe
	resp *http.Response
	json *json.Decoder
}

// event is one of its frames.
type event struct {
	Type string
	metav1.TypeMeta
	metav1.ObjectMeta
	status *metav1.Status // of an ERROR
	raw    []byte         // the object as it was sent
}

// watch opens a watch with parameters that begin with an ampersand, and wants it to stand.
func (p *probe) watch(path, params string, headers ...string) *events {
	resp := p.open("GET", path+"?watch=true"+params, "", headers...) //nolint:bodyclose // closed when the case is over
	if resp.StatusCode != http.StatusOK {
		raw, _ := io.ReadAll(resp.Body)
		p.fatalf("a watch of %s%s is answered %d: %s", path, params, resp.StatusCode, raw)
	}
	return &events{probe: p, resp: resp, json: json.NewDecoder(resp.Body)}
}

// watchList is a watch that begins with the objects there are.
const watchList = "&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"

// next is the next frame; nil at a clean end.
func (w *events) next() *event {
	var e *event
	var err error
	if strings.HasPrefix(w.resp.Header.Get("Content-Type"), runtime.ContentTypeProtobuf) {
		e, err = nextProtobuf(w.resp.Body)
	} else {
		e, err = nextJSON(w.json)
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	w.must(err)
	return e
}

func nextJSON(in *json.Decoder) (*event, error) {
	var frame struct {
		Type   string          `json:"type"`
		Object json.RawMessage `json:"object"`
	}
	if err := in.Decode(&frame); err != nil {
		return nil, err
	}
	e := &event{Type: frame.Type, raw: frame.Object}
	if e.Type == "ERROR" {
		e.status = &metav1.Status{}
		return e, json.Unmarshal(frame.Object, e.status)
	}
	var o metav1.PartialObjectMetadata
	err := json.Unmarshal(frame.Object, &o)
	e.TypeMeta, e.ObjectMeta = o.TypeMeta, o.ObjectMeta
	return e, err
}

func nextProtobuf(in io.Reader) (*event, error) {
	var head [4]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint32(head[:]))
	if _, err := io.ReadFull(in, body); err != nil {
		return nil, fmt.Errorf("a frame of %d bytes: %w", len(body), err)
	}
	var frame metav1.WatchEvent
	if err := frame.Unmarshal(body); err != nil {
		return nil, err
	}
	e := &event{Type: frame.Type, raw: frame.Object.Raw}
	if e.Type == "ERROR" {
		e.status = &metav1.Status{}
		_, err := unwrap(frame.Object.Raw, e.status)
		return e, err
	}
	// All types have their metadata as field 1.
	var o metav1.PartialObjectMetadata
	is, err := unwrap(frame.Object.Raw, &o)
	e.TypeMeta = metav1.TypeMeta{Kind: is.Kind, APIVersion: is.APIVersion}
	e.ObjectMeta = o.ObjectMeta
	return e, err
}

// unwrap opens the wrapping that every object in protobuf has, and reads the object into one of a Go type.
func unwrap(raw []byte, into interface{ Unmarshal(data []byte) error }) (metav1.TypeMeta, error) {
	body, ok := bytes.CutPrefix(raw, []byte("k8s\x00"))
	if !ok {
		return metav1.TypeMeta{}, fmt.Errorf("%.20q does not begin as protobuf does", raw)
	}
	var u runtime.Unknown
	if err := u.Unmarshal(body); err != nil {
		return metav1.TypeMeta{}, err
	}
	return metav1.TypeMeta{Kind: u.Kind, APIVersion: u.APIVersion}, into.Unmarshal(u.Raw)
}

// String is the event in a few words: type and name, "BOOKMARK end" for the end of the initial events, and an ERROR
// with code and reason.
func (e *event) String() string {
	switch {
	case e == nil:
		return "end"
	case e.status != nil:
		return fmt.Sprintf("ERROR %d %s", e.status.Code, e.status.Reason)
	case e.Type == "BOOKMARK" && e.Annotations[metav1.InitialEventsAnnotationKey] == "true":
		return "BOOKMARK end"
	case e.Type == "BOOKMARK":
		return "BOOKMARK"
	}
	return e.Type + " " + e.Name
}

// expect wants these events, and no other between them, and returns them. "end" is the clean end of the watch. Bookmarks
// that nobody wants are passed over, as they may come at any time (rule 21).
func (w *events) expect(want ...string) []*event {
	var out []*event
	for i, line := range want {
		e := w.next()
		for e.String() == "BOOKMARK" && line != "BOOKMARK" {
			e = w.next()
		}
		if e.String() != line {
			w.fatalf("event %d is %s, want %s", i+1, e, line)
		}
		out = append(out, e)
	}
	return out
}
