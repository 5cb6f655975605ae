package apiclient

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"sync"
)

// gunzip reads concatenated gzip members, each to its last byte before it waits for the next one: the server
// ends a member when it flushes, and nothing may follow for minutes. Between two members it holds no decompressor.
type gunzip struct {
	body   io.ReadCloser
	in     *bufio.Reader
	member *gzip.Reader // nil unless one was begun and not ended
	err    error
}

// members are decompressors that are not in use, of some 40 kB each.
var members = sync.Pool{New: func() any { return new(gzip.Reader) }}

func newGunzip(body io.ReadCloser) *gunzip { return &gunzip{body: body, in: bufio.NewReader(body)} }

// Read implements io.Reader.
func (g *gunzip) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for g.err == nil {
		if g.member == nil {
			if g.err = g.begin(); g.err != nil {
				break
			}
		}
		n, err := g.member.Read(p)
		switch {
		case errors.Is(err, io.EOF):
			members.Put(g.member)
			g.member = nil
		case err != nil:
			g.err = err
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, g.err
}

// begin reads the header of the next member; io.EOF when there is none.
func (g *gunzip) begin() error {
	if _, err := g.in.Peek(1); err != nil {
		return err
	}
	member, _ := members.Get().(*gzip.Reader)
	if err := member.Reset(g.in); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	member.Multistream(false)
	g.member = member
	return nil
}

// Close closes the compressed body.
func (g *gunzip) Close() error { return g.body.Close() }
