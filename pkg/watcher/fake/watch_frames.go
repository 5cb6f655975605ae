package fake

import (
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// frames writes the events of a watch.
type frames struct {
	w    http.ResponseWriter
	form form
	// zip is set where the answer is compressed; each flush ends a member of it, so that what was flushed can be read.
	zip  *gzip.Writer
	open bool // a member has begun
}

var errNoList = errors.New("an event is not a list of metadata")

// openFrames begins the answer: the client learns at once that its watch stands.
func openFrames(w http.ResponseWriter, f form, compressed bool) *frames {
	h := w.Header()
	h.Set("Content-Type", f.streamType())
	h.Set("Cache-Control", "no-cache, private")
	out := &frames{w: w, form: f}
	if compressed {
		h.Set("Content-Encoding", "gzip")
		h.Add("Vary", "Accept-Encoding")
		out.zip = gzip.NewWriter(w)
	}
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush() // the first event tells
	return out
}

// event writes an event with an object of the watched resource.
func (f *frames) event(what watch.EventType, o map[string]any) error {
	if f.form.as.Kind == partialList { // a real server begins such a watch, and gives up at its first event
		return errNoList
	}
	raw, err := f.form.encodeOne(o)
	if err != nil {
		if err := f.refusal(failed(err)); err != nil {
			return err
		}
		return fmt.Errorf("a watch ended: %w", err)
	}
	return f.write(what, raw)
}

// refusal writes an event that says why there will be no other.
func (f *frames) refusal(status *metav1.Status) error {
	raw, err := f.form.encode(status)
	if err != nil {
		return err
	}
	return f.write(watch.Error, raw)
}

func (f *frames) write(what watch.EventType, raw []byte) error {
	frame, err := f.form.encodeEvent(what, raw)
	if err != nil {
		return err
	}
	if f.zip == nil {
		_, err = f.w.Write(frame)
		return err
	}
	if !f.open {
		f.zip.Reset(f.w)
		f.open = true
	}
	_, err = f.zip.Write(frame)
	return err
}

// flush sends what was written.
func (f *frames) flush() error {
	if f.open {
		f.open = false
		// Without the flush, a reader that looks for the next member would hold back the end of this one.
		if err := errors.Join(f.zip.Flush(), f.zip.Close()); err != nil {
			return err
		}
	}
	return http.NewResponseController(f.w).Flush()
}
