package recording

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Exchange is one request and what came of it.
type Exchange struct {
	// At is when the request was made, since the recording began.
	At time.Duration
	// Method, URL (path and query) and Accept (the header) are from the request.
	Method, URL, Accept string
	// LeftOut says why there is nothing more; empty: there is.
	LeftOut string
	// Steps are what came, in their order.
	Steps []Step
}

// Step is one part of the answer to a request. At most one field other than At is set; none means that the program
// abandoned the request.
type Step struct {
	// At is when it came, since the recording began.
	At time.Duration
	// Status is that of the answer, and Header some of its header fields.
	Status int
	Header http.Header
	// Data is a piece of the answer's body.
	Data []byte
	// End says that the body ended.
	End bool
	// Error is why there was no answer, or, with End, why the body ended as it should not.
	Error string
}

// Read reads a recording up to its end, or up to a last line that is not whole. An error is that of the reader, or says where
// it is no recording.
func Read(in io.Reader) ([]*Exchange, error) {
	r := bufio.NewReader(in)
	first, err := r.ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the recording: %w", err)
	}
	var h header
	if json.Unmarshal(first, &h) != nil || h.Format != format {
		return nil, errors.New("this is no recording: its first line does not say so; a recording is made with --record FILE")
	}
	if h.Version > Version {
		return nil, fmt.Errorf("the recording is of version %d, and this program reads up to version %d: use a newer version of Ancho", h.Version, Version)
	}
	var out []*Exchange
	for at := 2; ; at++ {
		text, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) { // what is left is no whole line
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the recording: %w", err)
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return nil, fmt.Errorf("line %d of the recording: %w", at, err)
		}
		if l.What == whatRequest {
			out = append(out, &Exchange{At: l.at(), Method: l.Method, URL: l.URL, Accept: l.Accept, LeftOut: l.LeftOut})
		}
		if l.N < 1 || l.N > len(out) {
			return nil, fmt.Errorf("line %d of the recording is about request %d, which none was before", at, l.N)
		}
		if step, ok := l.step(); ok {
			x := out[l.N-1]
			x.Steps = append(x.Steps, step)
		}
	}
}

func (l *line) at() time.Duration { return time.Duration(l.At) * time.Microsecond }

func (l *line) step() (Step, bool) {
	s := Step{At: l.at(), Error: l.Error}
	switch l.What {
	case whatAnswer:
		s.Status, s.Header = l.Status, l.Header
	case whatData:
		if s.Data = l.Base64; s.Data == nil {
			s.Data = []byte(l.Text)
		}
	case whatEnd:
		s.End = true
	case whatFailed, whatClosed:
	default:
		return s, false
	}
	return s, true
}
