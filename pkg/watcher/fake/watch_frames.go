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
	// faults is nil where none can happen.
	faults *exchange
}

var errNoList = errors.New("an event is not a list of metadata")

// openFrames prepares the answer, which begins with answer, or with a refusal.
func openFrames(w http.ResponseWriter, f form, compressed bool) *frames {
	h := w.Header()
	h.Set("Content-Type", f.streamType())
	h.Set("Cache-Control", "no-cache, private")
	x, _ := w.(*exchange)
	out := &frames{w: w, form: f, faults: x}
	if compressed {
		h.Set("Content-Encoding", "gzip")
		h.Add("Vary", "Accept-Encoding")
		out.zip = gzip.NewWriter(w)
	}
	return out
}

// answer has the client know that the watch has begun.
func (f *frames) answer() {
	f.w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(f.w).Flush() // the first event tells
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
	return f.write(what, raw, o)
}

// refusal writes an event that says why there will be no other.
func (f *frames) refusal(status *metav1.Status) error {
	raw, err := f.form.encode(status)
	if err != nil {
		return err
	}
	return f.write(watch.Error, raw, nil)
}

// write sends an event around an encoded object; of a refusal there is none.
func (f *frames) write(what watch.EventType, raw []byte, o map[string]any) error {
	if f.faults == nil {
		return f.send(f.form.encodeEvent(what, raw))
	}
	fr := &outgoing{form: f.form, what: what, raw: raw, object: o, copies: 1}
	if err := f.faults.change(fr); err != nil {
		return err
	}
	b, err := f.form.encodeEvent(fr.what, fr.raw)
	if err == nil && fr.copies > 0 && f.faults.breaks() {
		return f.breakOff(b)
	}
	for range fr.copies {
		err = f.send(b, err)
	}
	return err
}

// send hands bytes to the answer, unless there was an error.
func (f *frames) send(b []byte, err error) error {
	if err != nil {
		return err
	}
	if f.zip == nil {
		_, err = f.w.Write(b) //nolint:gosec // no page
		return err
	}
	if !f.open {
		f.zip.Reset(f.w)
		f.open = true
	}
	_, err = f.zip.Write(b)
	return err
}

// breakOff sends one half of a frame.
func (f *frames) breakOff(frame []byte) error {
	err := errors.Join(f.send(frame[:len(frame)/2], nil), f.flush())
	f.faults.breakOff(errBroken)
	return errors.Join(err, errBroken)
}

// refusals has what the watch is to end with, if a fault wants that.
func (f *frames) refusals() <-chan *metav1.Status {
	if f.faults == nil {
		return nil
	}
	return f.faults.refusals
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
